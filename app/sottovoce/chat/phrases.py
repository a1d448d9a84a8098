"""What people say in a chat that needs no document, in the languages Sottovoce answers in.

All in lower case, divided by commas, longer ones before those they begin with where it matters.
"""

SMALL_TALK = """
good morning, good afternoon, good evening, good night, good day, hi, hello, hey, greetings,
there,
how are you doing, how are you today, how are you, nice to meet you, thank you so much,
thank you very much, thank you, thanks a lot, thanks so much, thanks, thx, cheers, great, perfect,
nice, cool, awesome, wow, well done, good job, goodbye, bye, see you later, see you soon, see you,
okay, ok, alright, got it, i see, who are you, what is your name, what can you do, please, sorry,
lol, haha, you're welcome, tell me a joke,
hallo, guten morgen, guten tag, guten abend, gute nacht, servus, moin, grüß gott, grüß dich,
wie geht's, wie geht es dir, wie geht es ihnen, danke schön, danke sehr, danke dir, danke ihnen,
danke, vielen dank, super, prima, toll, tschüss, auf wiedersehen, bis bald, bis später, wer
bist du,
wer sind sie, was kannst du alles, was kannst du, bitte, alles klar, verstanden, gut,
bonjour, bonsoir, salut, coucou, merci beaucoup, merci bien, merci, comment ça va, ça va,
comment vas-tu, comment allez-vous, au revoir, à bientôt, d'accord, parfait, qui es-tu,
qui êtes-vous, que peux-tu faire, s'il te plaît, s'il vous plaît,
ciao, buongiorno, buonasera, buonanotte, salve, grazie mille, grazie tante, grazie, come stai,
come va, arrivederci, va bene, perfetto, chi sei, cosa sai fare, prego, per favore,
hola, buenos días, buenas tardes, buenas noches, muchas gracias, gracias, cómo estás, qué tal,
adiós, hasta luego, hasta pronto, vale, de acuerdo, perfecto, quién eres, qué puedes hacer,
por favor,
olá, ola, oi, bom dia, boa tarde, boa noite, muito obrigado, muito obrigada, obrigado, obrigada,
tudo bem, como vai, tchau, até logo, até breve, perfeito, quem é você, o que você pode fazer,
नमस्ते, नमस्कार, हैलो, हाय, बहुत धन्यवाद, धन्यवाद, शुक्रिया, बहुत अच्छा, अच्छा, ठीक है, ठीक,
अलविदा,
आप कैसे हैं, आप कौन हैं, तुम कौन हो, कैसे हो, सुप्रभात, जी, बहुत,
สวัสดี, ขอบคุณ, ขอบใจ, มาก, ครับ, ค่ะ, คะ, นะ, ลาก่อน, โอเค, ตกลง, สบายดีไหม, คุณคือใคร,
คุณเป็นใคร,
คุณชื่ออะไร, เป็นอย่างไรบ้าง, ดีมาก, เยี่ยม,
你好, 您好, 谢谢, 謝謝, 再见, 你是谁, 早上好, 晚安, 好的
"""

POLITE = """
can you, could you, would you, please, now, and, thanks, kannst du, bitte, jetzt, und, peux-tu,
s'il te plaît, s'il vous plaît, maintenant, et, puoi, per favore, ora, puedes, por favor,
ahora, pode,
você pode, agora, कृपया, अब, ช่วย, หน่อย, ครับ, ค่ะ
"""

ABOUT_REPLY = """
make it shorter, make it longer, make it simpler, make that shorter, make this shorter, shorter,
longer, simpler, more simply, more briefly, more formally, in short, in other words,
in one sentence, in simple words, summarize it, summarize that, summarize this, summarize,
summarise it, summarise that, summarise this, summarise, summarize your answer,
summarise your answer, shorten it, shorten that, shorten your answer, rephrase it, rephrase that,
rephrase, rewrite it, rewrite that, rewrite your answer, translate it, translate that,
translate this, translate your answer, translate, say it, say that, write it, write that, put it,
put that, repeat it, repeat that, repeat, simplify it, simplify that, simplify, explain it again,
explain that again, explain it, explain that, expand on that, go on, continue, again, yes, no,
as a list, as a table, as bullet points, in bullet points,
kürzer, länger, einfacher, ja, nein, weiter, nochmal, noch einmal, fass das zusammen,
fasse das zusammen, fass es zusammen, fasse es zusammen, als liste, als tabelle, in einem satz,
übersetze das, übersetze es, übersetz das, übersetze deine antwort, wiederhole das, erkläre das,
erklär das, kürze das, schreib das, schreibe das, sag das,
plus court, plus long, plus simplement, plus simple, oui, non, continue, résume, résume-le,
résume ça, traduis-le, traduis ça, traduis, en bref, en une phrase, sous forme de liste,
più breve, più corto, più lungo, più semplice, sì, continua, riassumilo, riassumi, traducilo,
traduci, in breve, in una frase, come elenco,
más corto, más breve, más largo, más sencillo, más simple, sí, continúa, resúmelo, tradúcelo,
en resumen, en una frase, como lista,
mais curto, mais breve, mais longo, mais simples, sim, não, resuma isso, resuma, traduza isso,
traduza, em resumo, em uma frase, como lista,
छोटा करें, संक्षेप में, सरल भाषा में, हाँ, हां, नहीं, जारी रखें, इसका अनुवाद करें, अनुवाद
करें, फिर से,
สั้นกว่านี้, สรุปอีกครั้ง, สรุป, อธิบายอีกครั้ง, ใช่, ไม่, ต่อไป, แปล, แปลเป็น
"""

INTO_LANGUAGE = """
in english, in german, in french, in italian, in portuguese, in spanish, in hindi, in thai,
into english, into german, into french, into italian, into portuguese, into spanish, into hindi,
into thai, to english, to german, to french, to italian, to portuguese, to spanish, to hindi,
to thai,
auf deutsch, auf englisch, auf französisch, auf italienisch, auf portugiesisch, auf spanisch,
auf hindi, auf thai, ins deutsche, ins englische, ins französische, ins italienische,
ins portugiesische, ins spanische,
en français, en anglais, en allemand, en italien, en portugais, en espagnol, en hindi, en thaï,
in italiano, in inglese, in tedesco, in francese, in portoghese, in spagnolo,
en español, en inglés, en alemán, en francés, en italiano, en portugués, al español, al inglés,
em português, em inglês, em alemão, em francês, em italiano, em espanhol, para português,
para inglês, हिंदी में, अंग्रेज़ी में, अंग्रेजी में, ภาษาไทย, ภาษาอังกฤษ, เป็นภาษาไทย,
เป็นภาษาอังกฤษ
"""

LEANING = """
what about, how about, and, but, or, why, how so, then, und, aber, oder, was ist mit, wie ist
es mit,
warum, wieso, et, mais, ou, pourquoi, qu'en est-il, e, ed, ma, o, perché, che dire di, y,
pero, por qué,
qué tal, qué pasa con, mas, por quê, और, लेकिन, क्यों, แล้ว, ทำไม
"""
"""How a question begins that follows from the one before."""

POINTING = """
it, its, he, him, his, she, her, hers, they, them, their, theirs, this, that, these, those, there,
former, latter, same,
er, ihn, ihm, sein, seine, seinen, seiner, ihr, ihre, ihren, ihrer, diese, dieser, dieses,
diesen, dort,
davon, dafür, darüber, dazu, daran, damals,
il, elle, ils, elles, lui, leur, leurs, ce, cette, ces, celui, celle, ceux, celles, cela, ça,
son, sa,
ses, loro, esso, essa, questo, questa, questi, queste, quello, quella, quelli, quelle, suo,
sua, suoi,
sue, él, ella, ellos, ellas, ello, este, esta, estos, estas, ese, esa, esos, esas, aquel,
aquella, su,
sus, allí, ele, ela, eles, elas, isso, isto, esse, essa, esses, essas, aquele, aquela, seu,
seus, suas,
dele, dela, वह, वे, यह, ये, उस, उसका, उसकी, उसके, इसका, इसकी, इसके, उन, उनका, उनकी, उनके, इस, वहाँ
"""
"""Words that stand for what was said before."""
