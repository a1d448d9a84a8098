"""What a question needs: a search, what was found before, or no documents at all."""

import re
import unicodedata
from collections.abc import Sequence

from sottovoce.library.languages import FUNCTION_WORDS, of_words

_SPOKEN = ("english", "german", "french", "italian", "portuguese", "spanish", "hindi")
_THAI = re.compile("[\u0e00-\u0e7f]")
_DEVANAGARI = re.compile("[\u0900-\u097f]")
_LONGEST_SMALL_TALK = 80
_LONGEST_ABOUT_REPLY = 90
"""Characters."""
_FEW_WORDS = 3
"""A question with fewer that say anything is asked about what was said before."""
_CHAIN = 3
"""Questions that are searched for together, if each follows from the one before."""

_SMALL_TALK = re.compile(
    r"""(?:\W*\b(?:
    hi|hello|hey|good\ (?:morning|afternoon|evening|night|day)|greetings|how\ are\ you(?:\ (?:today|doing))?
    |thanks?(?:\ you)?(?:\ (?:so|very)\ much|\ a\ lot)?|thx|ty|cheers|great|perfect|nice|cool|awesome|wow
    |well\ done|good\ job|(?:good)?bye|see\ you(?:\ (?:later|soon))?|ok(?:ay)?|alright|got\ it|i\ see
    |who\ are\ you|what\ (?:are|is\ your\ name|can\ you\ do)(?:\ you)?|there|please|sorry|lol|haha
    |nice\ to\ meet\ you|you'?re\ welcome|tell\ me\ a\ joke
    |hallo|guten\ (?:morgen|tag|abend)|gute\ nacht|servus|moin|grüß\ (?:gott|dich)|wie\ geht(?:'s|\ es\ (?:dir|ihnen))?
    |danke(?:\ (?:schön|sehr|dir|ihnen))*|vielen\ dank|super|prima|toll|tschüss?|auf\ wiedersehen|bis\ (?:bald|später)
    |wer\ bist\ du|was\ kannst\ du(?:\ (?:alles|tun))*|bitte|alles\ klar|verstanden|gut
    |bonjour|bonsoir|salut|coucou|merci(?:\ (?:beaucoup|bien))*|ça\ va|comment\ (?:ça\ va|vas[-\ ]tu|allez[-\ ]vous)
    |au\ revoir|à\ bientôt|d'accord|parfait|super|qui\ es[-\ ]tu|que\ peux[-\ ]tu\ faire|s'il\ (?:te|vous)\ plaît
    |ciao|buon(?:giorno|asera|anotte)|salve|grazie(?:\ (?:mille|tante))?|come\ (?:stai|va)|arrivederci|va\ bene
    |perfetto|chi\ sei|cosa\ sai\ fare|prego|per\ favore
    |hola|buen(?:os\ días|as\ (?:tardes|noches))|(?:muchas\ )?gracias|(?:cómo\ estás|qué\ tal)|adiós|hasta\ (?:luego|pronto)
    |vale|de\ acuerdo|perfecto|quién\ eres|qué\ puedes\ hacer|por\ favor
    |ol[aá]|oi|bo(?:m\ dia|a\ (?:tarde|noite))|(?:muito\ )?obrigad[oa]|tudo\ bem|como\ vai|tchau|até\ (?:logo|breve)
    |perfeito|quem\ é\ você|o\ que\ você\ (?:pode\ fazer|faz)
    )\b)+\W*
    |(?:\W*(?:नमस्ते|नमस्कार|हैलो|हाय|धन्यवाद|शुक्रिया|बहुत|अच्छा|ठीक\ है|ठीक|अलविदा|आप\ कैसे\ हैं|आप\ कौन\ हैं|तुम\ कौन\ हो|कैसे\ हो|सुप्रभात|जी))+\W*
    |(?:\W*(?:สวัสดี|ขอบคุณ|ขอบใจ|มาก|ครับ|ค่ะ|คะ|นะ|ลาก่อน|โอเค|ตกลง|สบายดีไหม|คุณ(?:คือใคร|เป็นใคร|ชื่ออะไร)|เป็นอย่างไรบ้าง|ดีมาก|เยี่ยม))+\W*
    |(?:\W*(?:你好|您好|谢谢|謝謝|再见|你是谁|早上好|晚安|好的))+\W*""",
    re.VERBOSE | re.IGNORECASE,
)
_ABOUT_REPLY = re.compile(
    r"""\W*(?:(?:can|could|would)\ you|please|und|kannst\ du|bitte|peux-tu|puedes|puoi|pode|você\ pode)?[\s,]*(?:
    (?:make|write|say|put)\ (?:it|that|this)\b.*
    |(?:shorter|longer|simpler|more\ (?:simply|briefly|formal(?:ly)?)|in\ (?:short|other\ words|one\ sentence))
    |(?:summari[sz]e|shorten|rephrase|rewrite|reword|translate|repeat|simplify|expand|continue|explain)
      (?:\ (?:it|that|this|your\ (?:answer|reply|summary)|the\ (?:answer|reply)|on))?
      (?:\ (?:again|more\ simply|in|into|to|as|for)\b.*)?
    |(?:go\ on|yes|no|yep|nope|again|as\ (?:a\ (?:list|table)|bullet\ points)|in\ bullet\ points)
    |(?:in|auf|en|em|in\ het|into)\ (?:english|german|french|italian|portuguese|spanish|hindi|thai|chinese
      |englisch|deutsch|französisch|italienisch|portugiesisch|spanisch|anglais|allemand|français|italien
      |portugais|espagnol|inglese|tedesco|francese|italiano|portoghese|spagnolo|inglés|alemán|francés
      |portugués|español|inglês|alemão|francês|português|espanhol)
    |(?:kürzer|länger|einfacher|ja|nein|weiter|nochmal|fasse?\ (?:das|es|deine\ antwort)\ zusammen|als\ (?:liste|tabelle)
      |(?:übersetze?|wiederhole?|erkläre?|kürze)\ (?:das|es|deine\ antwort)\b.*)
    |(?:plus\ (?:court|long|simple)(?:ement)?|oui|non|continue|résume(?:-le|\ ça|\ cela)?|traduis(?:-le|\ ça|\ cela)?\b.*|en\ bref)
    |(?:più\ (?:breve|corto|lungo|semplice)|sì|continua|riassumi(?:lo)?|traduci(?:lo)?\b.*|in\ breve)
    |(?:más\ (?:corto|breve|largo|sencillo|simple)|sí|continúa|resúme(?:lo)|tradúce(?:lo)\b.*|en\ resumen)
    |(?:mais\ (?:curto|breve|longo|simples)|sim|não|resuma(?:\ isso)?|traduz(?:a|ir)?(?:\ isso)?\b.*|em\ resumo)
    |(?:और\ )?(?:छोटा|संक्षेप\ में|सरल\ भाषा\ में|हाँ|हां|जारी\ रखें|इसका\ अनुवाद.*)(?:\ करें|\ करो|\ बताओ)?
    |(?:สั้นกว่านี้|สรุปอีกครั้ง|อธิบายอีกครั้ง|ใช่|ต่อไป|แปลเป็น.*)
    )(?:[\s,]*(?:please|bitte|s'il\ (?:te|vous)\ plaît|per\ favore|por\ favor|thanks))?\W*""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_LEANING = re.compile(
    r"""\W*(?:and|but|or|what\ about|how\ about|why|how\ so|und|aber|oder|was\ ist\ mit|wie\ ist\ es\ mit|warum|wieso
    |et|mais|ou|pourquoi|qu'en\ est-il|e|ed|ma|o|perché|che\ (?:dire\ di|ne\ è)|y|pero|por\ qué|qué\ (?:tal|pasa\ con)
    |mas|por\ quê|और|लेकिन|क्यों|แล้ว|ทำไม)\b""",
    re.VERBOSE | re.IGNORECASE,
)
_POINTING = frozenset(
    """it its he him his she her hers they them their theirs this that these those there then former
    latter same one ones
    er ihn ihm sein seine seinen seiner ihr ihre ihren ihrer sie diese dieser dieses diesen dort davon
    dafür darüber dazu daran damals
    il elle ils elles lui leur leurs ce cette ces celui celle ceux celles cela ça y en son sa ses
    lui lei loro esso essa questo questa questi queste quello quella quelli quelle ci ne suo sua suoi sue
    él ella ellos ellas ello este esta estos estas ese esa esos esas aquel aquella su sus allí
    ele ela eles elas isso isto esse essa esses essas aquele aquela seu sua seus suas dele dela lá
    वह वे यह ये उस उसका उसकी उसके इसका इसकी इसके उन उनका उनकी उनके इस वहाँ""".split()  # noqa: SIM905  A list of a hundred strings cannot be read.
)


def is_small_talk(text: str) -> bool:
    """Whether no document has anything to say to this: a greeting, or thanks."""
    return len(text) <= _LONGEST_SMALL_TALK and _SMALL_TALK.fullmatch(_plain(text)) is not None


def is_about_reply(text: str) -> bool:
    """Whether it wants the last reply in another form, for which nothing new is looked up."""
    return len(text) <= _LONGEST_ABOUT_REPLY and _ABOUT_REPLY.fullmatch(_plain(text)) is not None


def is_follow_up(text: str) -> bool:
    """Whether it says too little to be searched for without what was asked before."""
    words = re.findall(r"[^\W_]+", _plain(text).casefold())
    if _LEANING.match(_plain(text)) or not _POINTING.isdisjoint(words):
        return True
    if _THAI.search(text):  # Written without spaces: its length tells.
        return len(text) < 12
    telling = [word for word in words if not any(word in all_ for all_ in FUNCTION_WORDS.values())]
    return len(telling) < _FEW_WORDS


def searched_for(question: str, earlier: Sequence[str]) -> str:
    """What to search for: the question, and before it what it follows from.

    `earlier` are the questions asked before, the oldest first.
    """
    chain = [question]
    for asked in reversed(earlier):
        if len(chain) == _CHAIN or not is_follow_up(chain[0]):
            break
        if not (is_small_talk(asked) or is_about_reply(asked)):
            chain.insert(0, asked)
    return "\n".join(chain)


def language_of(text: str) -> str:
    """Which of the languages it is in that Sottovoce answers in by itself; English if unsure."""
    if _THAI.search(text):
        return "thai"
    if _DEVANAGARI.search(text):
        return "hindi"
    candidates = of_words(re.findall(r"[^\W\d_]+", text.lower()))
    return next((each for each in _SPOKEN if each in candidates), "english")


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").split())
