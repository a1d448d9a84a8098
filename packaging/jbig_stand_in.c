/* Sottovoce's stand-in for JBIG-KIT, a library under the GPL that libtiff in the package tesserocr
   was linked with. Sottovoce hands Tesseract pixels, never TIFF files, so nothing of it is ever
   called; but the loader wants the names. Whoever called them would be told that it failed.

   The signatures are those of no header: all arguments may be ignored, and zero or NULL, or
   something that is not zero where zero means success, is what says no. */

#ifdef _WIN32
#define SHOWN __declspec(dllexport)
#else
#define SHOWN __attribute__((visibility("default")))
#endif

SHOWN const char sottovoce_stand_in[] = "Sottovoce's stand-in for JBIG-KIT";

SHOWN void jbg_dec_init(void) {}
SHOWN int jbg_dec_in(void) { return -1; }
SHOWN unsigned long jbg_dec_getsize(void) { return 0; }
SHOWN unsigned char *jbg_dec_getimage(void) { return 0; }
SHOWN void jbg_dec_free(void) {}
SHOWN void jbg_enc_init(void) {}
SHOWN void jbg_enc_out(void) {}
SHOWN void jbg_enc_free(void) {}
SHOWN int jbg_newlen(void) { return -1; }
SHOWN const char *jbg_strerror(void) { return sottovoce_stand_in; }
