"""Month names in the languages that embeds have been printed in: CLDR's wide and abbreviated forms (Babel 2.18).

One language to an entry, its twelve months apart by ``|``; where languages share a word, the earlier entry's month
holds unless the page says its language. Case-folded, NFC. ``tests/find/test_dates.py`` holds the table against CLDR.
"""

TABLE = """
en: january jan | february feb | march mar | april apr | may | june jun | july jul | august aug | september sep |
  october oct | november nov | december dec
es: enero ene | febrero feb | marzo mar | abril abr | mayo may | junio jun | julio jul | agosto ago | septiembre
  sept | octubre oct | noviembre nov | diciembre dic
pt: janeiro jan | fevereiro fev | março mar | abril abr | maio mai | junho jun | julho jul | agosto ago | setembro
  set | outubro out | novembro nov | dezembro dez
fr: janvier janv | février févr | mars | avril avr | mai | juin | juillet juil | août | septembre sept | octobre oct
  | novembre nov | décembre déc
de: januar jan | februar feb | märz mär | april apr | mai | juni jun | juli jul | august aug | september sept sep |
  oktober okt | november nov | dezember dez
it: gennaio gen | febbraio feb | marzo mar | aprile apr | maggio mag | giugno giu | luglio lug | agosto ago |
  settembre set | ottobre ott | novembre nov | dicembre dic
nl: januari jan | februari feb | maart mrt | april apr | mei | juni jun | juli jul | augustus aug | september sep |
  oktober okt | november nov | december dec
tr: ocak oca | şubat şub | mart mar | nisan nis | mayıs may | haziran haz | temmuz tem | ağustos ağu | eylül eyl |
  ekim eki | kasım kas | aralık ara
ru: января янв январь | февраля февр февраль | марта мар март | апреля апр апрель | мая май | июня июн июнь | июля
  июл июль | августа авг август | сентября сент сентябрь | октября окт октябрь | ноября нояб ноябрь | декабря дек
  декабрь
ar: يناير | فبراير | مارس | أبريل | مايو | يونيو | يوليو | أغسطس | سبتمبر | أكتوبر | نوفمبر | ديسمبر
pl: stycznia sty styczeń | lutego lut luty | marca mar marzec | kwietnia kwi kwiecień | maja maj | czerwca cze
  czerwiec | lipca lip lipiec | sierpnia sie sierpień | września wrz wrzesień | października paź październik |
  listopada lis listopad | grudnia gru grudzień
sv: januari jan | februari feb | mars | april apr | maj | juni | juli | augusti aug | september sep | oktober okt |
  november nov | december dec
da: januar jan | februar feb | marts mar | april apr | maj | juni jun | juli jul | august aug | september sep |
  oktober okt | november nov | december dec
fi: tammikuuta tammi tammikuu | helmikuuta helmi helmikuu | maaliskuuta maalis maaliskuu | huhtikuuta huhti huhtikuu
  | toukokuuta touko toukokuu | kesäkuuta kesä kesäkuu | heinäkuuta heinä heinäkuu | elokuuta elo elokuu | syyskuuta
  syys syyskuu | lokakuuta loka lokakuu | marraskuuta marras marraskuu | joulukuuta joulu joulukuu
no: januar jan | februar feb | mars mar | april apr | mai | juni jun | juli jul | august aug | september sep |
  oktober okt | november nov | desember des
cs: ledna led leden | února úno únor | března bře březen | dubna dub duben | května kvě květen | června čvn červen |
  července čvc červenec | srpna srp srpen | září zář | října říj říjen | listopadu lis listopad | prosince pro
  prosinec
hu: január jan | február febr | március márc | április ápr | május máj | június jún | július júl | augusztus aug |
  szeptember szept | október okt | november nov | december dec
ro: ianuarie ian | februarie feb | martie mar | aprilie apr | mai | iunie iun | iulie iul | august aug | septembrie
  sept | octombrie oct | noiembrie nov | decembrie dec
el: ιανουαρίου ιαν ιανουάριοσ | φεβρουαρίου φεβ φεβρουάριοσ | μαρτίου μαρ μάρτιοσ μάρ | απριλίου απρ απρίλιοσ |
  μαΐου μαΐ μάιοσ μάι | ιουνίου ιουν ιούνιοσ ιούν | ιουλίου ιουλ ιούλιοσ ιούλ | αυγούστου αυγ αύγουστοσ αύγ |
  σεπτεμβρίου σεπ σεπτέμβριοσ | οκτωβρίου οκτ οκτώβριοσ | νοεμβρίου νοε νοέμβριοσ νοέ | δεκεμβρίου δεκ δεκέμβριοσ
he: ינואר ינו׳ | פברואר פבר׳ | מרץ | אפריל אפר׳ | מאי | יוני | יולי | אוגוסט אוג׳ | ספטמבר ספט׳ | אוקטובר אוק׳ |
  נובמבר נוב׳ | דצמבר דצמ׳
id: januari jan | februari feb | maret mar | april apr | mei | juni jun | juli jul | agustus agu | september sep |
  oktober okt | november nov | desember des
ms: januari jan | februari feb | mac | april apr | mei | jun | julai jul | ogos ogo | september sep | oktober okt |
  november nov | disember dis
fil: enero ene | pebrero peb | marso mar | abril abr | mayo may | hunyo hun | hulyo hul | agosto ago | setyembre set
  | oktubre okt | nobyembre nob | disyembre dis
hi: जनवरी जन॰ | फ़रवरी फ़र॰ | मार्च | अप्रैल | मई | जून | जुलाई जुल॰ | अगस्त अग॰ | सितंबर सित॰ | अक्टूबर अक्टू॰ |
  नवंबर नव॰ | दिसंबर दिस॰
bn: জানুয়ারী জানু | ফেব্রুয়ারী ফেব | মার্চ | এপ্রিল এপ্রি | মে | জুন | জুলাই জুল | আগস্ট আগ | সেপ্টেম্বর সেপ |
  অক্টোবর অক্টো | নভেম্বর নভে | ডিসেম্বর ডিসে
th: มกราคม ม.ค | กุมภาพันธ์ ก.พ | มีนาคม มี.ค | เมษายน เม.ย | พฤษภาคม พ.ค | มิถุนายน มิ.ย | กรกฎาคม ก.ค | สิงหาคม
  ส.ค | กันยายน ก.ย | ตุลาคม ต.ค | พฤศจิกายน พ.ย | ธันวาคม ธ.ค
uk: січня січ січень | лютого лют лютий | березня бер березень | квітня квіт квітень | травня трав травень | червня
  черв червень | липня лип липень | серпня серп серпень | вересня вер вересень | жовтня жовт жовтень | листопада
  лист листопад | грудня груд грудень
fa: ژانویهٔ ژانویه | فوریهٔ فوریه | مارس | آوریل | مهٔ مه | ژوئن | ژوئیهٔ ژوئیه | اوت | سپتامبر | اکتبر | نوامبر |
  دسامبر
ur: جنوری | فروری | مارچ | اپریل | مئی | جون | جولائی | اگست | ستمبر | اکتوبر | نومبر | دسمبر
ca: gener gen | febrer febr | març | d’abril d’abr abril abr | maig | juny | juliol jul | d’agost d’ag agost |
  setembre set | d’octubre d’oct octubre oct | novembre nov | desembre des
eu: urtarrila urt | otsaila ots | martxoa mar | apirila api | maiatza mai | ekaina eka | uztaila uzt | abuztua abu |
  iraila ira | urria urr | azaroa aza | abendua abe
gl: xaneiro xan | febreiro feb | marzo mar | abril abr | maio | xuño | xullo xul | agosto ago | setembro set |
  outubro out | novembro nov | decembro dec
hr: siječnja sij siječanj | veljače velj veljača | ožujka ožu ožujak | travnja tra travanj | svibnja svi svibanj |
  lipnja lip lipanj | srpnja srp srpanj | kolovoza kol kolovoz | rujna ruj rujan | listopada lis listopad |
  studenoga stu studeni | prosinca pro prosinac
sk: januára jan január | februára feb február | marca mar marec | apríla apr apríl | mája máj | júna jún | júla júl
  | augusta aug august | septembra sep september | októbra okt október | novembra nov november | decembra dec
  december
sl: januar jan | februar feb | marec mar | april apr | maj | junij jun | julij jul | avgust avg | september sep |
  oktober okt | november nov | december dec
sr: јануар јан | фебруар феб | март мар | април апр | мај | јун | јул | август авг | септембар сеп | октобар окт |
  новембар нов | децембар дец
bg: януари яну | февруари фев | март | април апр | май | юни | юли | август авг | септември сеп | октомври окт |
  ноември ное | декември дек
lt: sausio saus sausis | vasario vas vasaris | kovo kov kovas | balandžio bal balandis | gegužės geg gegužė |
  birželio birž birželis | liepos liep liepa | rugpjūčio rugp rugpjūtis | rugsėjo rugs rugsėjis | spalio spal spalis
  | lapkričio lapkr lapkritis | gruodžio gruod gruodis
lv: janvāris janv | februāris febr | marts | aprīlis apr | maijs | jūnijs jūn | jūlijs jūl | augusts aug |
  septembris sept | oktobris okt | novembris nov | decembris dec
et: jaanuar jaan | veebruar veebr | märts | aprill apr | mai | juuni | juuli | august aug | september sept |
  oktoober okt | november nov | detsember dets
is: janúar jan | febrúar feb | mars mar | apríl apr | maí | júní jún | júlí júl | ágúst ágú | september sep |
  október okt | nóvember nóv | desember des
cy: ionawr ion | chwefror chwef chw | mawrth maw | ebrill ebr | mai | mehefin meh | gorffennaf gorff gor | awst |
  medi | hydref hyd | tachwedd tach | rhagfyr rhag
mk: јануари јан | февруари фев | март мар | април апр | мај | јуни јун | јули јул | август авг | септември сеп |
  октомври окт | ноември ное | декември дек
sq: janar jan | shkurt shk | mars mar | prill pri | maj | qershor qer | korrik korr | gusht gush | shtator sht |
  tetor tet | nëntor nën | dhjetor dhj
hy: հունվարի հնվ հունվար | փետրվարի փտվ փետրվար | մարտի մրտ մարտ | ապրիլի ապր ապրիլ | մայիսի մյս մայիս | հունիսի հնս
  հունիս | հուլիսի հլս հուլիս | օգոստոսի օգս օգոստոս | սեպտեմբերի սեպ սեպտեմբեր | հոկտեմբերի հոկ հոկտեմբեր |
  նոյեմբերի նոյ նոյեմբեր | դեկտեմբերի դեկ դեկտեմբեր
ka: იანვარი იან | თებერვალი თებ | მარტი მარ | აპრილი აპრ | მაისი მაი | ივნისი ივნ | ივლისი ივლ | აგვისტო აგვ |
  სექტემბერი სექ | ოქტომბერი ოქტ | ნოემბერი ნოე | დეკემბერი დეკ
az: yanvar yan | fevral fev | mart mar | aprel apr | may | iyun iyn | iyul iyl | avqust avq | sentyabr sen | oktyabr
  okt | noyabr noy | dekabr dek
kk: қаңтар қаң | ақпан ақп | наурыз нау | сәуір сәу | мамыр мам | маусым мау | шілде шіл | тамыз там | қыркүйек қыр
  | қазан қаз | қараша қар | желтоқсан жел
uz: yanvar yan | fevral fev | mart mar | aprel apr | may | iyun iyn | iyul iyl | avgust avg | sentabr sen | oktabr
  okt | noyabr noy | dekabr dek
be: студзеня сту студзень | лютага лют люты | сакавіка сак сакавік | красавіка кра красавік | мая май | чэрвеня чэр
  чэрвень | ліпеня ліп ліпень | жніўня жні жнівень | верасня вер верасень | кастрычніка кас кастрычнік | лістапада
  ліс лістапад | снежня сне снежань
bs: januar jan | februar feb | mart mar | april apr | maj | juni jun | juli jul | august aug | septembar sep |
  oktobar okt | novembar nov | decembar dec
mr: जानेवारी जाने | फेब्रुवारी फेब्रु | मार्च | एप्रिल एप्रि | मे | जून | जुलै | ऑगस्ट ऑग | सप्टेंबर सप्टें |
  ऑक्टोबर ऑक्टो | नोव्हेंबर नोव्हें | डिसेंबर डिसें
ta: ஜனவரி ஜன | பிப்ரவரி பிப் | மார்ச் மார் | ஏப்ரல் ஏப் | மே | ஜூன் | ஜூலை | ஆகஸ்ட் ஆக | செப்டம்பர் செப் | அக்டோபர்
  அக் | நவம்பர் நவ | டிசம்பர் டிச
te: జనవరి జన | ఫిబ్రవరి ఫిబ్ర | మార్చి | ఏప్రిల్ ఏప్రి | మే | జూన్ | జులై | ఆగస్టు ఆగ | సెప్టెంబర్ సెప్టెం |
  అక్టోబర్ అక్టో | నవంబర్ నవం | డిసెంబర్ డిసెం
kn: ಜನವರಿ ಜನ | ಫೆಬ್ರವರಿ ಫೆಬ್ರ | ಮಾರ್ಚ್ | ಏಪ್ರಿಲ್ ಏಪ್ರಿ | ಮೇ | ಜೂನ್ | ಜುಲೈ | ಆಗಸ್ಟ್ ಆಗ | ಸೆಪ್ಟೆಂಬರ್ ಸೆಪ್ಟೆಂ |
  ಅಕ್ಟೋಬರ್ ಅಕ್ಟೋ | ನವೆಂಬರ್ ನವೆಂ | ಡಿಸೆಂಬರ್ ಡಿಸೆಂ
ml: ജനുവരി ജനു | ഫെബ്രുവരി ഫെബ്രു | മാർച്ച് മാർ | ഏപ്രിൽ ഏപ്രി | മേയ് | ജൂൺ | ജൂലൈ | ഓഗസ്റ്റ് ഓഗ | സെപ്റ്റംബർ
  സെപ്റ്റം | ഒക്‌ടോബർ ഒക്ടോ | നവംബർ നവം | ഡിസംബർ ഡിസം
gu: જાન્યુઆરી જાન્યુ | ફેબ્રુઆરી ફેબ્રુ | માર્ચ | એપ્રિલ | મે | જૂન | જુલાઈ | ઑગસ્ટ | સપ્ટેમ્બર સપ્ટે | ઑક્ટોબર
  ઑક્ટો | નવેમ્બર નવે | ડિસેમ્બર ડિસે
pa: ਜਨਵਰੀ ਜਨ | ਫ਼ਰਵਰੀ ਫ਼ਰ | ਮਾਰਚ | ਅਪ੍ਰੈਲ ਅਪ੍ਰੈ | ਮਈ | ਜੂਨ | ਜੁਲਾਈ ਜੁਲਾ | ਅਗਸਤ ਅਗ | ਸਤੰਬਰ ਸਤੰ | ਅਕਤੂਬਰ ਅਕਤੂ | ਨਵੰਬਰ
  ਨਵੰ | ਦਸੰਬਰ ਦਸੰ
ne: जनवरी | फेब्रुअरी | मार्च | अप्रिल | मे | जुन | जुलाई | अगस्ट | सेप्टेम्बर | अक्टोबर | नोभेम्बर | डिसेम्बर
si: ජනවාරි ජන | පෙබරවාරි පෙබ | මාර්තු මාර් | අප්‍රේල් | මැයි | ජූනි | ජූලි | අගෝස්තු අගෝ | සැප්තැම්බර් සැප් |
  ඔක්තෝබර් ඔක් | නොවැම්බර් නොවැ | දෙසැම්බර් දෙසැ
km: មករា | កុម្ភៈ | មីនា | មេសា | ឧសភា | មិថុនា | កក្កដា | សីហា | កញ្ញា | តុលា | វិច្ឆិកា | ធ្នូ
lo: ມັງກອນ ມ.ກ | ກຸມພາ ກ.ພ | ມີນາ ມ.ນ | ເມສາ ມ.ສ | ພຶດສະພາ ພ.ພ | ມິຖຸນາ ມິ.ຖ | ກໍລະກົດ ກ.ລ | ສິງຫາ ສ.ຫ | ກັນຍາ ກ.ຍ |
  ຕຸລາ ຕ.ລ | ພະຈິກ ພ.ຈ | ທັນວາ ທ.ວ
my: ဇန်နဝါရီ ဇန် | ဖေဖော်ဝါရီ ဖေ | မတ် | ဧပြီ | မေ | ဇွန် | ဇူလိုင် ဇူ | ဩဂုတ် | စက်တင်ဘာ စက် | အောက်တိုဘာ အောက် |
  နိုဝင်ဘာ နို | ဒီဇင်ဘာ ဒီ
sw: januari jan | februari feb | machi mac | aprili apr | mei | juni jun | julai jul | agosti ago | septemba sep |
  oktoba okt | novemba nov | desemba des
af: januarie jan | februarie feb | maart mrt | april apr | mei | junie jun | julie jul | augustus aug | september
  sep | oktober okt | november nov | desember des
am: ጃንዋሪ ጃን | ፌብሩዋሪ ፌብ | ማርች | ኤፕሪል ኤፕሪ | ሜይ | ጁን | ጁላይ | ኦገስት ኦገስ | ሴፕቴምበር ሴፕቴ | ኦክቶበር ኦክቶ | ኖቬምበር ኖቬም | ዲሴምበር ዲሴም
eo: januaro jan | februaro feb | marto mar | aprilo apr | majo maj | junio jun | julio jul | aŭgusto aŭg | septembro
  sep | oktobro okt | novembro nov | decembro dec
lb: januar jan | februar feb | mäerz mäe | abrëll abr | mee | juni jun | juli jul | august aug | september sep |
  oktober okt | november nov | dezember dez
mt: jannar jan | frar fra | marzu mar | april apr | mejju mej | ġunju ġun | lulju lul | awwissu aww | settembru set
  | ottubru ott | novembru nov | diċembru diċ
fy: jannewaris jan | febrewaris feb | maart mrt | april apr | maaie mai | juny jun | july jul | augustus aug |
  septimber sep | oktober okt | novimber nov | desimber des
ky: январь янв | февраль фев | март мар | апрель апр | май | июнь июн | июль июл | август авг | сентябрь сен |
  октябрь окт | ноябрь ноя | декабрь дек
tg: январ янв | феврал фев | март мар | апрел апр | май | июн | июл | август авг | сентябр сен | октябр окт | ноябр
  ноя | декабр дек
tk: ýanwar ýan | fewral few | mart mar | aprel apr | maý | iýun | iýul | awgust awg | sentýabr sen | oktýabr okt |
  noýabr noý | dekabr dek
"""
