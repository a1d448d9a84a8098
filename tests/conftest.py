"""What every test may count on."""

import signal

# Programs started in the background of a script ignore Ctrl+C, and hand that on to their children.
# Those of the tests are to hear it however the tests were started.
signal.signal(signal.SIGINT, signal.default_int_handler)
