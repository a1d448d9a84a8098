"""Which language a text is in, as far as finding its words depends on it."""

import re
import unicodedata
from collections.abc import Mapping


def without_accents(text: str) -> str:
    """`text` as someone types it who leaves out what stands above and below the letters."""
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


FUNCTION_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split()) | frozenset(without_accents(words).split())
    for language, words in {
        "english": """the of and to in is are was were be been it its that this these those for
            on with as by at from or an a not but have has had which who whom whose what when
            where why how many much did do does he she they his her their there than then so if
            we you your i my can could will would should about into after before between during
            did""",
        "german": """der die das den dem des ein eine einen einem einer eines und oder aber
            nicht ist sind war waren wird werden wurde wurden hat haben hatte sich mit von vom
            zu zum zur auf für im in aus bei beim nach über unter vor durch als wie was wer wen
            wem wann wo warum welche welcher welches welchen wieviel viele es er sie wir ihr ich
            dass auch um an am kann können soll sollte gibt zwischen während""",
        "french": """le la les l un une des du de d et ou mais ne pas est sont était étaient
            être été a ont avait avoir il elle ils elles on nous vous je ce cet cette ces qui
            que quoi dont où quand comment pourquoi quel quelle quels quelles combien dans sur
            sous avec sans par pour en au aux à se s son sa ses leur leurs plus entre après
            avant c qu n j m""",
        "italian": """il lo la i gli le l un uno una e ed o ma non è sono era erano essere stato
            ha hanno aveva di del dello della dei degli delle a al allo alla ai agli alle da dal
            dalla dai in nel nello nella nei nelle su sul sulla con per tra fra che chi cosa cui
            quando come dove perché quale quali quanto quanti quante si suo sua suoi loro questo
            questa questi anche più dell nell all dall sull c""",
        "spanish": """el la los las un una unos unas y e o u pero no es son era eran fue fueron
            ser sido ha han había de del a al en con sin por para sobre entre desde hasta que
            qué quién quiénes cuándo cómo dónde cuál cuáles cuánto cuántos cuántas porque se su
            sus lo le les este esta estos estas ese esa más también como si durante""",
        "portuguese": """o a os as um uma uns umas e ou mas não é são era eram foi foram ser
            sido tem têm tinha de do da dos das em no na nos nas ao aos à às por pelo pela pelos
            pelas para com sem sobre entre desde até que quem quando como onde qual quais quanto
            quantos quantas porque se seu sua seus suas este esta isso mais também""",
        "dutch": """de het een en of maar niet is zijn was waren wordt worden werd werden heeft
            hebben had van voor met op in uit aan bij naar over onder door tot als dat die dit
            deze wie wat wanneer waar waarom hoe welke welk hoeveel er ze zij hij wij ik je om
            te ook nog tussen""",
        "swedish": """och eller men inte är var har hade den det de en ett av för med på i till
            från om vid som att vad vem när var varför hur vilken vilket vilka många han hon sig
            sin sina ska kan under efter mellan blev""",
        "danish": """og eller men ikke er var har havde den det de en et af for med på i til fra
            om ved som at hvad hvem hvornår hvor hvorfor hvordan hvilken hvilket hvilke mange
            han hun sig sin sine skal kan under efter mellem blev""",
        "norwegian": """og eller men ikke er var har hadde den det de en et ei av for med på i
            til fra om ved som at hva hvem når hvor hvorfor hvordan hvilken hvilket hvilke mange
            han hun seg sin sine skal kan under etter mellom ble""",
        "finnish": """ja tai mutta ei on oli ovat olivat se ne hän he että joka jotka mikä mitä
            kuka milloin missä miksi miten kuinka monta kun kuin sekä myös sen hänen niiden tämä""",
        "polish": """i lub ale nie jest są był była było byli być w we z ze na do od po za dla
            przez o u przy że się co kto kiedy gdzie dlaczego jak jaki jaka jakie który która
            które ile to ten ta te jego jej ich oraz""",
        "czech": """a nebo ale ne je jsou byl byla bylo byli být v ve z ze na do od po za pro
            přes o u při že se co kdo kdy kde proč jak jaký jaká jaké který která které kolik to
            ten ta jeho její jejich""",
        "romanian": """și sau dar nu este sunt era erau fi fost a au avea de din în la pe cu
            fără prin pentru între că care ce cine când cum unde cât câți câte câtă un o unei
            unui al ale ai se său sa mai după către acest această""",
        "hungarian": """a az és vagy de nem van volt voltak lesz egy hogy ami aki mi ki mikor
            hol miért hogyan melyik mennyi hány is meg ezt azt ez el""",
        "turkish": """ve veya ama değil bir bu şu o da de ile için gibi daha çok en ne kim zaman
            nerede neden nasıl hangi kaç mi mı mu mü olan olarak oldu idi kadar sonra önce""",
        "indonesian": """dan atau tetapi tidak adalah ini itu yang di ke dari pada untuk dengan
            oleh dalam apa siapa kapan mana mengapa bagaimana berapa telah akan juga sebagai""",
        "catalan": """el la els les un una uns unes i o però no és són era eren va ser ha han de
            del dels a al als en amb sense per què qui quan com on quin quina quins quines quant
            quants es seu seva seus més també""",
        "vietnamese": """và hoặc nhưng không là có được của trong trên với cho từ đến bởi một
            những các này đó gì ai khi nào đâu tại sao thế bao nhiêu đã sẽ cũng như ở""",
        "russian": """и или но не в во на с со к ко по за из от до для о об при что кто когда
            где почему как какой какая какие какое каком который которые сколько это его её их
            был была было были он она они а же""",
        "hindi": """का के की को में से पर ने और या है हैं था थे थी हो एक यह वह इस उस कि जो क्या
            कौन कब कहाँ कहां क्यों कैसे किस किसने कितने कितनी कितना लिए गया गई गए भी तक द्वारा""",
        "arabic": """في من على إلى عن مع أو و ما ماذا متى أين كيف لماذا كم هو هي هم التي الذي
            هذا هذه كان كانت أن إن لا ليس هل بين بعد قبل""",
        "greek": """ο η το οι τα του της των τον την τους τις και ή αλλά δεν είναι ήταν να σε
            στο στη στην στον στα με από για που πού πότε πώς ποιος ποια ποιο ποιοι τι γιατί
            πόσα πόσοι πόσες ως ένα μια ένας""",
    }.items()
}
"""The commonest words of a language, with and without accents. They tell nothing of a subject."""

_OF_SCRIPT = (
    (re.compile("[а-яё]"), "russian"),
    (re.compile("[ऀ-ॿ]"), "hindi"),
    (re.compile("[\u0600-\u06ff]"), "arabic"),
    (re.compile("[α-ωάέήίόύώ]"), "greek"),
    (re.compile("[\u0b80-\u0bff]"), "tamil"),
    (re.compile("[\u0561-\u0587]"), "armenian"),
)
OF_SCRIPT = frozenset(language for _, language in _OF_SCRIPT)

LATIN = tuple(language for language in FUNCTION_WORDS if language not in OF_SCRIPT)
"""The languages in Latin letters."""


def of_word(word: str) -> str | None:
    """The language of a lower-case word's script; None if many languages are written in it."""
    for letters, language in _OF_SCRIPT:
        if letters.match(word):
            return language
    return None


def of_words(words: list[str]) -> tuple[str, ...]:
    """The languages in Latin letters that lower-case words may be in, by their commonest words.

    The same words may be as common in several; without any of them, it may be every language.
    """
    votes = dict.fromkeys(LATIN, 0)
    for word in words:
        for language in LATIN:
            votes[language] += word in FUNCTION_WORDS[language]
    most = max(votes.values())
    return tuple(language for language in LATIN if votes[language] == most)
