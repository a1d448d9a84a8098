"""How languages put what must not be got wrong: numbers, months, what is not, what is the opposite.

All words are in lower case. Where only beginnings are given, any ending may follow.
"""

import re
from collections.abc import Mapping


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _numbered(*names: str, first: int = 1) -> dict[str, int]:
    """Names that share a number are separated by spaces."""
    return {word: number for number, words in enumerate(names, first) for word in words.split()}


MONTHS: Mapping[str, int] = _numbered(
    "january januar jänner janvier gennaio enero janeiro जनवरी มกราคม 一月",
    "february februar février febbraio febrero fevereiro फ़रवरी फरवरी กุมภาพันธ์ 二月",
    "march märz mars marzo março मार्च มีนาคม 三月",
    "april avril aprile abril अप्रैल เมษายน 四月",
    "may mai maggio mayo maio मई พฤษภาคม 五月",
    "june juni juin giugno junio junho जून มิถุนายน 六月",
    "july juli juillet luglio julio julho जुलाई กรกฎาคม 七月",
    "august août agosto अगस्त สิงหาคม 八月",
    "september septembre settembre septiembre setembro सितंबर सितम्बर กันยายน 九月",
    "october oktober octobre ottobre octubre outubro अक्टूबर अक्तूबर ตุลาคม 十月",
    "november novembre noviembre novembro नवंबर नवम्बर พฤศจิกายน 十一月",
    "december dezember décembre dicembre diciembre dezembro दिसंबर दिसम्बर ธันวาคม 十二月",
)
WORDS_TOO = frozenset({"may", "march", "mars", "mai", "august"})
"""Names of months that mean something else with a small first letter."""

NUMBERS: Mapping[str, int] = _numbered(
    "two zwei deux due dos dois duas दो สอง",
    "three drei trois tre tres três तीन สาม",
    "four vier quatre quattro cuatro quatro चार สี่",
    "five fünf cinq cinque cinco पाँच पांच ห้า",
    "six sechs sei seis छह हก",
    "seven sieben sept sette siete sete सात เจ็ด",
    "eight acht huit otto ocho oito आठ แปด",
    "nine neun neuf nove nueve नौ เก้า",
    "ten zehn dix dieci diez dez दस สิบ",
    "eleven elf onze undici ग्यारह",
    "twelve zwölf douze dodici doce doze बारह",
    first=2,
)

SCALES: Mapping[str, int] = {
    word: power
    for power, words in {
        3: "thousand thousands tausend tsd mille mila mil हज़ार हजार",
        5: "lakh lakhs लाख",
        6: """million millions mio mn millionen milliones milioni milione millón millones milhão
            milhões मिलियन ล้าน""",
        7: "crore crores करोड़",
        9: """billion billions bn milliarde milliarden mrd milliard milliards miliardo miliardi
            bilhão bilhões अरब พันล้าน""",
        12: "trillion trillions billionen trilhão trilhões",
    }.items()
    for word in words.split()
}
"""The powers of ten that words after a number stand for."""
PERCENT = _words("% ٪ percent prozent pourcent percento porcento प्रतिशत เปอร์เซ็นต์")
CURRENCIES: Mapping[str, str] = {
    word: name
    for name, words in {
        "dollar": "$ usd dollar dollars dólar dólares dollari डॉलर ดอลลาร์",
        "euro": "€ eur euro euros यूरो ยูโร",
        "pound": "£ gbp pfund livres sterling libras",
        "yen": "¥ jpy yen yuan rmb cny",
        "rupee": "₹ inr rupee rupees rupien रुपये रुपए रुपया",
        "baht": "฿ thb baht บาท",
        "franc": "chf francs franken",
        **{
            code: code
            for code in [
                "aed",
                "ars",
                "aud",
                "brl",
                "cad",
                "clp",
                "cop",
                "czk",
                "dkk",
                "egp",
                "hkd",
                "huf",
                "idr",
                "ils",
                "krw",
                "mxn",
                "myr",
                "nok",
                "nzd",
                "php",
                "pln",
                "ron",
                "rub",
                "sar",
                "sek",
                "sgd",
                "try",
                "uah",
                "vnd",
                "zar",
            ]
        },
    }.items()
    for word in words.split()
}

ONE = _words("one ein eine einen einem einer un une uno una um uma एक")
"""In front of a unit they are numbers; elsewhere they say little."""
YEARS = _words("year years jahr jahre jahren")
UNITS: Mapping[str, str] = {
    word: name
    for name, words in {
        "second": "seconds sec secs sekunde sekunden secondes secondi segundos सेकंड วินาที",
        "minute": "minute minutes min mins minuten minuto minuti minutos मिनट นาที",
        "hour": "hour hours hr hrs h stunde stunden heure heures ora ore hora horas घंटे घंटा",
        "day": "day days tag tage tagen jour jours giorno giorni día días dia dias दिन दिनों",
        "week": "week weeks wk wks woche wochen semaine semaines settimana settimane semana semanas"
        " सप्ताह",
        "month": "month months monat monate monaten mois mese mesi mes meses mês महीने महीना",
        "year": "year years yr yrs jahr jahre jahren an ans année années anno anni año años ano"
        " anos वर्ष साल",
        "foot": "foot feet ft fuß",
        "inch": "inch inches zoll",
        "mile": "mile miles mi meile meilen",
        "knot": "knot knots kt kts",
        "metre": "metre metres meter meters metern m mètre mètres metro metri metros",
        "kilometre": "kilometre kilometres kilometer kilometers km",
        "centimetre": "centimetre centimetres centimeter centimeters cm",
        "millimetre": "millimetre millimetres millimeter millimeters mm",
        "kilogram": "kilogram kilograms kilo kilos kilogramm kg",
        "gram": "gram grams gramm g",
        "milligram": "milligram milligrams mg",
        "pound of weight": "lb lbs",
        "tonne": "ton tons tonne tonnes tonnen",
        "litre": "litre litres liter liters l",
        "millilitre": "millilitre millilitres milliliter milliliters ml",
        "hectare": "hectare hectares ha hektar",
    }.items()
    for word in words.split()
}
"""What a number may be a number of. Twelve days are not twelve hours."""
EVERY: Mapping[str, str] = {
    word: name
    for name, words in {
        "day": "daily täglich giornaliero giornaliera quotidien quotidienne diario diaria",
        "week": "weekly wöchentlich settimanale hebdomadaire semanal",
        "month": "monthly monatlich mensile mensuel mensuelle mensual mensal",
        "year": "yearly annual annually jährlich annuale annuel annuelle anual",
    }.items()
    for word in words.split()
}
PARTING = _words(
    """and or while whereas but of und oder während aber e o mentre ma y u mientras pero et ou
    tandis mais और या"""
)
"""Between the parts of a sentence."""
COMPARED: Mapping[str, str] = {">": "above", "<": "below", "≥": "least", "≤": "most"}

NEGATIONS = _words(
    """not no never none neither nor without cannot nobody nothing nicht kein keine keinen
    keinem keiner keines nie niemals ohne weder niemand nichts pas jamais aucun aucune sans ni
    rien non mai nessun nessuno nessuna senza né nulla niente nunca jamás ningún ninguno
    ninguna sin nada tampoco não nenhum nenhuma sem jamais नहीं न ना बिना कभी मत"""
)
ONLY = _words("only just merely nur bloß seulement solo soltanto solamente sólo apenas somente केवल")
"""Behind what says no, they take it back: "not only"."""
NEGATIVE_SIGNS = re.compile("不|没|沒|未|無|无|非|ไม่|มิ")
"""What says no in scripts that have no spaces."""

OPPOSITES: tuple[tuple[str, str], ...] = (
    (
        """increas* rose rise* rising risen grew grow* gain* higher climb* improv* surg* stieg*
        steig* gestieg* erhöh* wuchs* wachs* gewachs* zunahm* zugenomm* augment* hausse progress*
        aument* cresc* subió subi* elevó elev* बढ़* เพิ่ม 增加 增长 上升 提高""",
        """decreas* fell fall* declin* drop* lower* shrank shrink* reduc* worsen* sank sink* gesunk*
        fiel* gefall* verring* abnahm* abgenomm* reduz* diminu* baiss* recul* dimin* calo cala*
        riduz* dismin* baja* bajó caiu cai* घट* ลด 减少 減少 下降 降低""",
    ),
    (
        "profit* gewinn* bénéfice* utile ganancia* lucro* लाभ กำไร",
        "loss* verlust* perte* perdita* pérdida* perda* हानि ขาดทุน",
    ),
    ("before vor avant prima antes पहले ก่อน", "after nach après dopo después depois बाद หลัง"),
    ("above over über dessus sopra encima acima", "below under unter dessous sotto debajo abaixo"),
    (
        "daily täglich* giornal* diari* quotidien*",
        "weekly monthly yearly annual* wöchentl* monatl*",
    ),
    ("weekly wöchentl* settiman* semanal* hebdom*", "monthly yearly annual* monatl* jährl*"),
    ("monthly monatl* mensil* mensual* mensuel*", "yearly annual* jährl* annuel* anual*"),
    ("more mehr plus più más mais", "less fewer weniger moins meno menos"),
    ("maximum maximal* most höchst* massimo", "minimum minimal* least mindest* minimo"),
    (
        "accept* approv* grant* allow* permit* permet* genehmig* erlaub* accord* autor*",
        "reject* denied deny denies refus* prohibit* forbid* banned verbot* ablehn* abgelehn*"
        " interdi* proib* prohib* vietat*",
    ),
    ("first erste* premier* primer* primo prima", "last letzte* dernier* últim* ultim*"),
    ("north* nord* norte उत्तर*", "south* süd* sud sur sul दक्षिण*"),
    ("east* ost* est este leste पूर्व*", "west* ouest ovest oeste पश्चिम*"),
    (
        "left links gauche sinistra izquierda* esquerda*",
        "right rechts droite destra derecha* direita*",
    ),
    ("includ* einschließ* inclu*", "exclud* ausschließ* ausgeschloss* exclu* esclu*"),
    ("start* begin* began begun open* eröffn*", "end ends ended finish* clos* schloss* geschloss*"),
    (
        "bought buy* purchas* acquir* kauf* gekauf* achet* acquist* compr*",
        "sold sell* sale sales verkauf* vend*",
    ),
    ("positiv*", "negativ*"),
    ("male males man men männlich* mascul*", "female* woman women weiblich* fémin* femen*"),
    ("best better besser*", "worst worse schlecht*"),
    ("largest larger biggest bigger größ*", "smallest smaller klein*"),
    ("highest", "lowest"),
    ("longest longer", "shortest shorter"),
    ("oldest older älte*", "youngest younger newest newer jüng*"),
    ("always immer toujours sempre siempre", "never nie jamais mai nunca"),
    ("won win wins winn*", "lost lose loses losing"),
    ("true richtig*", "false falsch*"),
    ("success* succeed* erfolg*", "fail* gescheiter*"),
    ("same", "different*"),
    ("single", "multi multiple double triple"),
)
"""Words that say one thing, and those that say the contrary. Any ending may stand for a star."""

SYNONYMS: tuple[str, ...] = (
    "aircraft airplane airplanes aeroplane plane planes",
    "exclude excluded excludes excluding exclusion",
    "decide decided decides decision decisions",
    "patient patients participant participants subject subjects",
    "die died dies dead death deaths killed fatal fatally deceased",
    "hit hits struck strike strikes collided collide collides impacted",
    "hurt injured injury injuries wounded",
    "doctor doctors physician physicians",
    "company companies firm firms corporation business enterprise",
    "employee employees staff worker workers personnel",
    "cost costs price prices",
    "revenue revenues sales turnover",
    "salary salaries wage wages",
    "contract contracts agreement agreements",
    "tenant tenants lessee renter",
    "landlord landlords lessor",
    "need needs needed require requires required necessary",
    "obtain obtained obtains receive received receives get gets got",
    "build built builds construct constructed construction",
    "produce produced produces manufacture manufactured manufactures",
    "create created establish established founded found set",
    "lead leads led head headed heads direct directed directs manage managed manages",
    "carried conducted executed performed run runs",
    "goal goals aim aims aimed objective objectives target targets",
    "illness illnesses disease diseases",
    "drug drugs medicine medicines medication medications",
    "film films movie movies",
    "car cars automobile automobiles",
    "attorney attorneys lawyer lawyers",
    "usual usually typical typically normal normally",
    "big large great",
    "funds funded funding finance financed finances",
    "firma unternehmen gesellschaft betrieb",
    "angestellte angestellten beschäftigte beschäftigten mitarbeiter belegschaft",
    "umsatz erlös erlöse umsatzerlöse",
    "vertrag vertrags vereinbarung abkommen",
    "gebaut errichtet erbaut",
    "gegründet entstanden gründete",
    "azienda società impresa ditta",
    "dipendenti impiegati lavoratori addetti",
    "ricavi fatturato",
    "costruito edificato eretto",
    "entreprise société compagnie firme",
    "employés salariés personnel",
    "construit bâti édifié",
    "compañía empresa sociedad",
    "empleados trabajadores personal",
    "construido edificado",
    "companhia empresa sociedade",
    "empregados funcionários trabalhadores",
)
"""Words that are often put in the place of one another."""

ENDINGS: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (_words(inflections) | {""}, _words(derivations))
    for inflections, derivations in (
        (
            "e s es ed d ing ings y ies ied ying 's n't",
            "er ers or ors ion ions ation ations al ally ial ially ly ily ment ments ive ively able"
            " ible ance ence ant ent ity ness ist ists ism ic ical ure ful less ship an ian ians",
        ),
        ("e en er es em n s", "ern in innen ung ungen isch ische ischen ischer lich liche lichen"),
        ("e en st t te ten tet est et test n", "end ende ung ungen bar er ern"),
        (
            "e s es é ée és ées er ez ent ant ait aient a ont",
            "ion ions ation ations ment ements eur eurs euse ique iques té al ale aux",
        ),
        (
            "a e i o à ò are ere ire ato ata ati ate uto uta uti ute ito ita iti ite ando endo ava"
            " avano ono ano isce",
            "ione ioni azione azioni mente ore ori ale ali ico ica ici iche ità",
        ),
        (
            "a e o s as es os ar er ir ado ada ados adas ido ida idos idas ando endo iendo aba ava"
            " ía ó ou eu iu aron aram an am en em m n",
            "ión ion iones ción cion ciones ção cao ções coes mente or ores al ales ico ica ismo"
            " dad idad",
        ),
    )
)
"""What the forms of a word end in, and what words that are made of it do; by language."""

SAYING = _words(
    """amount approximately around called came become became become considered due happen happened
    among aged apart come comes coming form forms goes included leading least most must nearly old
    only own people person persons reached regarded roughly take takes taken taking them took
    important involve involved involves kind known located made main mainly major make makes means
    named number occur occurred order part person place primarily primary provide purpose referred
    role serve served serves several situated took type typically use used way whose
    beteiligt bezeichnet dient etwa genannt hauptsächlich heißt liegt nannte rund stammt ungefähr
    verschiedene verwendet wichtig wichtige wichtigsten
    appelé appelée connu connue environ important importante notamment principal principale situé
    située utilisé chiamato chiamata circa importante noto nota principale situato situata usato
    aproximadamente conocida conocido conhecida conhecido llamada llamado importante principal
    situada situado ubicada ubicado usado
    according additionally also although answer appears based because both claim claims
    contain contains context currently described describes document documents documentation
    especially excerpt excerpts finally first following found furthermore given hence however
    include includes including indicate indicated indicates information likewise list listed
    lists mention mentioned mentions moreover namely note noted notes overall page particular
    passage passages please provide provided provides question quote quotes refer refers
    related relevant report reported says said say section see shows similarly source sources
    specific specifically specified states stated summary sure text therefore thus user various
    well yes certainly angaben antwort außerdem basierend beschreibt besagt dabei daher
    dokument dokumente dokumenten dokuments enthält erwähnt folgende folgenden frage gemäß
    genannt hierbei informationen insgesamt ja jedoch laut nennt passage quelle quellen seite
    sowie steht text zudem zufolge ainsi cependant contient document documents donc également
    extrait extraits indique information informations mentionne oui outre passage précise
    question réponse selon source sources suivant suivants texte toutefois anche contiene
    domanda documenti documento dunque fonte fonti indicato inoltre menziona passaggio però
    pertanto quindi riporta risposta secondo seguente seguenti sì testo tuttavia además
    contiene documento documentos embargo fragmento fuente fuentes indica información menciona
    pasaje pregunta respuesta según siguiente siguientes sí texto también além assim contém
    disso documento documentos entanto fonte fontes indica informação informações menciona
    passagem pergunta portanto resposta segundo seguinte seguintes sim texto trecho"""
)
"""Words about the answer and its sources, and those that only lead up to what is said."""

REPORTING = _words(
    "report reports reported mention mentions mentioned state stated include includes"
)
"""Words about sources that documents themselves deny."""

NOT_FOUND = re.compile(
    r"""
    \bNOT[_ ]FOUND\b
    | \bnot\ in\ (?:your|the|these|any)\ (?:document|source|text|passage|excerpt)
    | \b(?:not|n't|never|nowhere|no)\b.{0,60}\b(?:mention|specif|stat|provid|contain|includ|found
        |giv|present|information|indicat|answer|describ|discuss|address)\w*.{0,80}
      \b(?:document|source|passage|text|excerpt|context|provided|file|page)s?\b
    | \b(?:document|source|passage|text|excerpt|context|file)s?\b.{0,60}
      \b(?:not|n't|no)\b.{0,30}
      \b(?:mention|specif|stat|say|provid|contain|includ|giv|answer|describ|discuss|address|inform)
    | \bno\ (?:information|mention|answer)\b
    | \b(?:cannot|can't|could\ not|couldn't|unable\ to)\b.{0,30}\b(?:find|answer|determine)\b
    | \b(?:keine|nicht)\b.{0,60}\b(?:dokument|quelle|text|textstelle|unterlagen)\w*
    | \b(?:dokument|quelle|text|textstelle|unterlagen)\w*.{0,60}\b(?:keine|nicht|kein)\b
    | \bkeine\ (?:angaben?|information(?:en)?|antwort)\b
    | \b(?:document|source|texte|extrait)s?\b.{0,60}\bn(?:e\b|['’]).{0,40}\b(?:pas|aucune?)\b
    | \bn(?:e\b|['’]).{0,40}\bpas\b.{0,60}\b(?:document|source|texte|extrait)s?\b
    | \b(?:aucune|pas\ d['’e])\s*(?:information|mention|réponse)
    | \b(?:document[oi]|font[ei]|test[oi]|brani?)\b.{0,60}\bnon\b
    | \bnon\b.{0,60}\b(?:document[oi]|font[ei]|test[oi])\b | \bnessuna\ (?:informazione|menzione)
    | \b(?:documentos?|fuentes?|textos?|pasajes?)\b.{0,60}\bno\b
    | \bno\b.{0,60}\b(?:documentos?|fuentes?|textos?)\b
    | \b(?:documentos?|fontes?|textos?|trechos?)\b.{0,60}\bnão\b
    | \bnão\b.{0,60}\b(?:documentos?|fontes?|textos?|informaç)
    | (?:दस्तावेज़|दस्तावेज|स्रोत|पाठ|जानकारी).{0,80}नहीं
    | (?:เอกสาร|แหล่งข้อมูล|ข้อมูล|ข้อความ).{0,80}ไม่ | ไม่(?:พบ|มี).{0,40}(?:เอกสาร|ข้อมูล)
    | (?:文档|文檔|文件|资料|資料|来源|原文|段落).{0,40}(?:没有|沒有|未|无法|無法|不包含)
    | (?:没有|沒有|未).{0,20}(?:提到|提及|找到|说明|包含|相关信息)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
"""A sentence that says: it is not in the documents."""
