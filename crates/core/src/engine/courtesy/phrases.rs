//! The words of courtesies, in Spanish, Portuguese and English: lower case, without accents, one space between words, no signs.
//!
//! Each list is of regular expressions that stand for a whole phrase. A word that is in none of them is not a courtesy's: what is not
//! known asks. So a phrase belongs here only if nobody could ask for anything by it, whatever stands beside it.

/// What may be thanked for, behind `por` and `por su`.
macro_rules! for_es {
    () => {
        r"(?: (?:por|x) (?:tod[oa]s?|(?:tod[oa]s? )?(?:(?:l[ao]s?|el|su|sus|tu|tus|vuestr[ao]|esa|ese|esta|este) )?(?:(?:gran|excelente|buena|amable|valiosa|tanta|mucha|cordial|linda|enorme|inmensa) )?(?:ayuda|colaboracion|cooperacion|ayudita|atencion|atenciones|onda|respuesta|informacion|info|apoyo|tiempo|gestion|gestiones|aclaracion|amabilidad|paciencia|rapidez|agilidad|servicio|soporte|dato|datos|orientacion|explicacion|gentileza|dedicacion|detalle|carino|trabajo|esfuerzo|preocupacion|asesoria|acompanamiento)(?: (?:recibida|prestada|brindada|dada|oportuna|realizada|hecha|conmigo|con nosotros|de siempre|hoy|hoy dia))?(?: y (?:l[ao]s?|el|su|tu|por la|por su|por el) (?:ayuda|atencion|apoyo|tiempo|paciencia|amabilidad|rapidez|colaboracion|gestion|servicio))?|responder(?:me)?(?: tan rapido)?|contestar(?:me)?(?: tan rapido)?|ayudar(?:me|nos)?|avisar(?:me)?|colaborar(?:me|nos)?|atender(?:me|nos)?|informar(?:me)?|aclarar(?:lo|me)?|explicar(?:me)?))?"
    };
}

/// The same behind `pela` and `por`.
macro_rules! for_pt {
    () => {
        r"(?: (?:por tud[oa]|por (?:me )?(?:ajudar|responder|avisar|atender|informar|esclarecer|explicar)|pel[oa]s? (?:(?:su|tu)as? |se[u]s? |teus? )?(?:(?:excelente|otim[oa]|boa|grande) )?(?:ajuda|atencao|retorno|resposta|apoio|suporte|informacao|informacoes|explicacao|esclarecimentos?|gentileza|paciencia|atendimento|cuidado|carinho|agilidade|rapidez|presteza|aviso|tempo|servico|trabalho|orientacao|forca|dica)))?"
    };
}

/// The same behind `for`.
macro_rules! for_en {
    () => {
        r"(?: for (?:everything|all|it|that|this|(?:all )?(?:of )?(?:your|the|ur) (?:(?:kind|great|amazing|excellent|wonderful|patient|quick|prompt|fast|speedy|swift|timely|rapid) )?(?:help|support|time|assistance|reply|response|patience|work|efforts?|service|info|information|clarification|update|heads up|kindness|guidance|answer|explanation)(?: and (?:(?:the|your|ur) )?(?:(?:kind|great|amazing|excellent|quick|prompt|fast|speedy|swift|timely|rapid) )?(?:help|support|time|assistance|response|reply|patience|work|efforts?|service|info|information|clarification|kindness|guidance))?|(?:all )?(?:you|u) (?:do|did|have done)|helping(?: me| us)?(?: out)?|getting back to (?:me|us)(?: so (?:quickly|fast|soon))?|letting (?:me|us) know|clarifying|clearing (?:that|it|this|things) up|explaining|responding|replying|being (?:so |very )?(?:kind|helpful|patient|quick|understanding)(?: (?:with|w) (?:me|us))?))?"
    };
}

/// Thanks.
pub(super) const THANKS: &[&str] = &[
    // es
    concat!(
        r"(?:(?:muchas|muchisimas|mil y mil|mil|millones de|miles de|mil y mil|un millon de|tantas|infinitas|ms|mchas|muxas|muhcas|muchs|super|bueno|ay|muy|ya|ah ya|ah|aah|uy|listo ya) )*(?:gracias|gracais|garcais|gracisa|grasias|garcias|graias|gracis|gracas|graciass|grax|grx|gcs|graciaz|grcs|grazias|gracias totales)",
        r"(?: (?:mil|pues|totales|infinitas|de (?:todo )?corazon|de verdad|de nuevo|otra vez|nuevamente|una vez mas|como siempre|a todos|a todas|a tod[oa]s|a ustedes|a usted|a ti|a vos|mi amor))?",
        for_es!()
    ),
    r"gracias a dios|me (?:salvaste|salvo|salvaron|alegraste|alegro|alegraron)(?: (?:la vida|el dia|la tarde))?|son lo maximo|que grandes?",
    r"a (?:ustedes|usted|ti|vos) (?:(?:muchas|mil) )?(?:gracias)|(?:se|te) (?:pasaron|lucieron|paso|lucio|pasaste|luciste)",
    concat!(
        r"(?:(?:se )?(?:l[eo]s?|te|os) agradezco(?: (?:mucho|muchisimo|un monton|bastante|enormemente|de (?:todo )?corazon|tod[oa]|infinitamente))?|(?:l[eo]s?|te) agradecemos(?: mucho)?|(?:l[eo]s? |te |se l[eo]s? )?agradezco(?: (?:mucho|muchisimo))? (?:la|su|tu|toda (?:la|su|tu)) (?:ayuda|atencion|amabilidad|colaboracion|paciencia|gentileza)(?: (?:prestada|brindada|recibida|dada))?|agradezco(?: mucho)?|se agradece(?: mucho)?|(?:muy |sumamente |super |quedo muy )?agradecid[oa]s?(?: con (?:usted|ustedes|todos|el equipo|(?:el|su|tu) servicio|(?:la|su|tu) (?:ayuda|atencion)))?)",
        for_es!()
    ),
    r"(?:(?:ay )?que|(?:(?:que|mu|mui|son|es usted|usted es|eres|sos|son ustedes|ustedes son) )?(?:muy|super|tan)) (?:amables?|gentil|gentiles|atent[oa]s|lind[oa]s?|querid[oa]s?)(?: (?:de|por) (?:tu|su) parte)?",
    r"(?:eres|sos|usted es|son|ustedes son|es usted) (?:un |una |unos |unas |el |la |l[oa]s )?(?:genio|genia|genios|crack|cracks|amor|sol|soles|lo maximo|mejor|mejores|angelito|dulzura|capo|capa|grande|grandes|maravilla|idolo|idola|excelentes|increibles)",
    // pt
    concat!(
        r"(?:(?:muito|mto|mt|muitissimo|super) )?(?:obrigad[oa]s?|obrigadao|obrigadinh[oa]|obrigadissim[oa]|obrigdo|obrigda|obirgad[oa]|orbigad[oa]|obrigadu|brigado|brigada viu|brigadao|brigadinh[oa]|brigaduu?|obg|obgd[oa]?|obgda|obgdo|brigadu|agradecid[oa]s?|grat[oa]|gratidao|gratos)",
        r"(?: (?:mesmo|mesmo viu|demais|demais viu|de coracao|de novo|novamente|mais uma vez|de verdade|viu|hein|tchau|a todos|a todas|a voces|a vcs))?",
        for_pt!()
    ),
    concat!(
        r"(?:valeu|vlw|vlww|valew|vleu)(?: (?:mesmo|demais|dms|visse|viu|ai|galera|pessoal|irmao|cara|mano))?",
        for_pt!()
    ),
    concat!(
        r"(?:(?:lhe|te|lhes|eu|eu que|nos que) )?agrade(?:co|cemos)(?: (?:muito|demais|imensamente|de coracao|[ao] (?:atencao|ajuda|apoio|carinho|gentileza|presteza|cuidado)(?: de sempre)?))?",
        for_pt!()
    ),
    r"(?:voce|vc|voces|vcs) (?:e|sao) (?:um anjo|uns anjos|demais|maravilhos[oa]s?|incriveis|incrivel|otim[oa]s?|(?:o|a|os|as) (?:melhor|melhores)|show|top|nota (?:mil|dez))|(?:voce|vc|voces|vcs) (?:foi|foram) (?:muito )?(?:atencios[oa]s?|gentil|gentis|prestativ[oa]s?|um anjo|demais|maravilhos[oa]s?|incriveis|incrivel|otim[oa]s?)|fico (?:muito )?(?:grat[oa]|agradecid[oa])|muito (?:gentil|gentis|atencios[oa]s?|prestativ[oa]s?|educad[oa]s?)|obrigad[oa] eu",
    // en
    concat!(
        r"(?:(?:many|much|big|huge|massive|a million|so many|aww?|lots of|endless) )?(?:thanks|thank|thx|thxs|tks|thnx|thanx|thnks|thanxs|tnx|thankss|thnk u|thank u|thank you|thank ya|thankyou|thankyouu|thank yu|thankx|thnaks|thnak you|thank yuo|tahnks|thansk|thanls|thaks|thans|thank uou|thanku|thnk you|ta muchly|muchly|tank you|tank u|ty|tysm|tyvm|tyy|cheers|ta (?:mate|love|very much|duck|hun|pet|luv)|grazie|merci)",
        r"(?: (?:so much|so very much|very much|so so much|a lot|alot|lots|a bunch|a ton|a million|tons|a mill|heaps|loads|a mil|mil|for all|kindly|both|again|once again|once more|indeed|everyone|everybody|all|guys|team|folks|mate|man|mam|dear|sir|madam|ma am|friend|friends|buddy|bro|boss|mucho|to (?:all|everyone|the team|you all|you both)))*",
        for_en!()
    ),
    concat!(
        r"(?:(?:much|very much|really|greatly|highly) )?(?:appreciated|appreciate)(?: (?:it|that|this|you|ya|u|(?:all )?(?:your|the) (?:kind )?(?:help|support|time|assistance|response|reply|effort|efforts|patience)))?(?: (?:so much|very much|a lot))?",
        for_en!()
    ),
    concat!(
        r"i (?:really |truly |do |so |greatly |very much )?appreciate (?:it|that|this|you|u|(?:all )?(?:your|the) (?:kind )?(?:help|support|time|assistance|response|reply|effort|efforts|patience))(?: (?:so much|very much|a lot))?",
        for_en!()
    ),
    r"(?:(?:i am|i m|im|we are|we re) )?(?:so |very |truly |really )?(?:grateful|thankful)|(?:very )?much obliged|(?:you|u) (?:just |really )?(?:made|saved) (?:my|our) (?:day|week|life|bacon|evening)",
    r"(?:you (?:are|re|guys are|all are)|youre|u r|ur|your) (?:(?:the|a|an|so|very|such a|simply|truly|all|absolutely) )*(?:best|star|stars|lifesaver|life saver|legend|legends|hero|heroes|awesome|amazing|great|wonderful|kind|helpful|gem|rockstar|rock star|fantastic|brilliant|sweet)",
    r"(?:you (?:have|ve) been (?:so |very |really |super |most )?(?:helpful|kind|great|amazing|wonderful)|(?:so|very|super|really) (?:helpful|kind|sweet|nice)(?: of (?:you|u))?|(?:you|you guys|y all|you all|u) rock|(?:absolute|total|what a|such a) (?:legend|star|lifesaver|gem|hero)|lifesaver|life saver|legend|superstar|(?:that s|thats) (?:so |very |really )?(?:kind|sweet|helpful)(?: of (?:you|u))?)",
    r"(?:that|this|it) (?:was|is) (?:so |very |really |super )?(?:kind|helpful|nice|sweet)(?: of (?:you|u))?",
];

/// A greeting does not ask where such thanks follow it.
pub(super) const GREETED_THANKS: &[&str] = &[
    r"(?:hola|buenos dias|buen dia|buenas tardes|buenas noches|buenas|estimad[oa]s?) (?:(?:muchas|muchisimas|mil|infinitas|tantas) gracias)",
    r"(?:oi|ola|bom dia|boa tarde|boa noite) (?:muito obrigad[oa]|muitissimo obrigad[oa])",
    r"(?:hi|hello|hey|good morning|good afternoon|good evening) (?:many thanks|thanks so much|thank you so much|thanks a lot|thank you very much)",
];

/// Words in thanks and farewells by which a question is answered as well: "bueno, gracias" agrees to what was offered, "hasta mañana" chooses a
/// day.
pub(super) const MAY_ANSWER: &str = "super|bueno|buena|ya|listo|lista|opa|epa|lovely|sweet|venga|si|sim|yes|claro|hoy|manana|luego|pronto|proxima|siempre|vemos|viendo|hablamos|lunes|martes|miercoles|jueves|viernes|sabado|domingo|segunda|terca|quarta|quinta|sexta|amanha|mais|logo|breve|today|tomorrow|then|soon|later|around|see|talk|monday|tuesday|wednesday|thursday|friday|saturday|sunday|igual|igualmente|mismo|likewise|too|imagina|magina|amen|amem|placer|pleasure|gusto|prazer";

/// What takes note.
pub(super) const ACKNOWLEDGES: &[&str] = &[
    // es
    r"(?:ah+ |ay |uy )?(?:ok|okk|okok|oka|okay|okey|okei|oki|okis|okas|okidoki|oki doki|okie dokie|okie|okie doke|alrighty)(?: (?:ok|okay|oki|doki|esta bien|de acuerdo))?",
    r"ta|(?:ah+ )?(?:vale|listo|listos|joya|nitido|pura vida)(?: (?:vale|listo|pues|entendido|perfecto))?",
    r"(?:todo |muy |que |super )?(?:perfect[oa]|excelente|genial|buenisimo|buenisima|barbaro|estupendo|fantastico|maravilloso|espectacular|fenomenal|magnifico|super|fabuloso|chevere|chevre|bacano|bacan|bakan|chido|padrisimo|padre|macanudo|copado|regio|pulento|de lujo|de maravilla|de diez|de primera|de pelicula|de pelos|bien|sale y vale|bello|lindo|hermoso|impecable|guay|joya|una joya|un lujo|un diez|diez puntos|crack|genia|genio|grande|grosso|groso|idolo|fenomeno|notable|filete|brutal|divino|divina|precioso|preciosa|wena|wenas|buena onda|la raja|a todo dar|tuani|chilero|bravazo|buenazo|excelentisimo|excelentisima|increible|sensacional|estupenda|fantastica|maravillosa|espectaculares|magnifica|barbara|calidad|un exito|un placer tratar con ustedes)",
    r"(?:entendid[oa]|(?:quedo |quedamos )?enterad[oa]s?|recibid[oa]s?|anotad[oa]|comprendid[oa]|copiad[oa]|tomo nota|ya entendi|me queda (?:muy )?claro|(?:me )?quedo (?:muy |todo |super )?clar(?:o|isimo)|todo clarisimo|clarisimo|acuso recibo|buena|todo claro|queda claro|todo en orden|todo perfecto|todo excelente|esta perfecto|esta genial|quedo perfecto|quedo excelente|quedo genial|quedo muy bien|quedo super|quedo todo muy bien|quedo todo perfecto|quedo hermoso|quedo lindo|quedo divino|quedo espectacular|me alegr[oa](?: mucho)?|que alegria|que bueno|que bien|que emocion|que dicha|que maravilla|que nota|que chevere|que genial|me encanta|me encanto|con gusto|con mucho gusto|a la orden|bien hecho|mejor imposible)",
    r"(?:la |una |muy |que )?(?:excelente|buena|gran|buen|impecable|perfecto|perfecta|excelentes|linda) (?:servicio|atencion|trabajo|gestion|noticia|labor|equipo|trato)",
    // pt
    r"(?:ah+ )?(?:(?:esta|ta|tah) (?:bom|bem|certo|certinho|joia|ok|otimo|legal|entendido|combinado|perfeito)|tudo (?:certo|certinho|joia|otimo|entendido|combinado|perfeito))",
    r"(?:(?:ah+|ok|muito|que|tudo|super|ta) )?(?:blz|blza|beleza|entendi|entendido|entendida|compreendi|compreendido|certo|certinho|certissimo|perfeito|perfeita|otimo|otima|maravilha|maravilhoso|show|show de bola|legal|bacana|massa|(?:top|show)(?: demais)?|(?:massa|bom|show|top|legal|bacana|otimo) (?:demais|dms)|joia|tranquilo|tranks|suave|recebid[oa]|anotad[oa]|ciente|bom|boa|sensacional|espetacular|incrivel|fantastico|excelente|lindo|amei|adorei|bom demais|bom trabalho|otimo trabalho|(?:parabens pelo |amei o |adorei o )?(?:otimo )?atendimento(?: (?:nota (?:mil|dez)|maravilhoso|otimo|excelente|impecavel))|(?:parabens pelo|amei o|adorei o) (?:atendimento|trabalho|servico)|otimo atendimento|atendimento (?:nota (?:mil|dez)|otimo|excelente|impecavel|maravilhoso)|nota (?:mil|dez)|arrasou|voces arrasam|arrasaram|caprichou|capricharam|impecavel|(?:ja )?deu (?:tudo )?certo|ficou (?:otimo|lindo|perfeito|show|maravilhoso|excelente)|arrasaram|topissim[oa]|fixe|excelente atendimento|excelente trabalho|parabens|tmj|tamo junto|estamos juntos|e nois|fico feliz|fico contente|que bom|feliz)",
    // en
    r"(?:(?:ah+|ok|okay|alright|all|that is|that s|thats|it s|its|this is|everything is|everything s|sounds|looks|works|so|really|very|pretty) )*(?:alright|all right|great|perfect|awesome|excellent|amazing|wonderful|fantastic|brilliant|lovely|cool|nice|good|super|superb|splendid|marvelous|fab|fabulous|terrific|sweet|neat|cool beans|fine by me|spot on|top|stellar|ace|magic|grand|fab|smashing|outstanding|impressive|beautiful|clear)",
    r"(?:no worries|no problem(?: at all)?|np|(?:that|this|it) (?:worked|works)(?: (?:now|great|perfectly|fine))?|(?:it s |its |it is |all )?(?:now )?(?:works|working)(?: (?:now|again|fine|great|perfectly|well))+|all sorted(?: now| out)?|works now|working now|noted with thanks|received with thanks|well received|well noted with thanks|noted|duly noted|well noted|understood|got it|gotcha|got you|roger|roger that|copy that|(?:ah+ |oh+ )?(?:that |it |this )?makes (?:perfect |total |more )?sense(?: now)?|received|acknowledged|okey dokey|righto|right o|ace|yay+|woohoo|hooray|good to know|glad to hear(?: (?:it|that))?|happy to hear(?: (?:it|that))?|works great|works perfectly|love it|loved it|well done|problem solved|glad (?:it is|it s|its|that s|that is) (?:sorted|solved|fixed|working)|all sorted|all set|all good|my pleasure)",
    r"(?:(?:that is|that s|thats|such|what|really) )?(?:a )?(?:great|top|good|excellent|amazing|awesome|nice|wonderful|fantastic|perfect|outstanding|superb|top notch) (?:job|help|work|service|support|news|stuff|team|response|customer service)",
];

/// What ends a talk, or wishes well.
pub(super) const FAREWELLS: &[&str] = &[
    // es
    r"(?:(?:un|una|mis|muchos|cordial|cordiales|atentos|recibe un|reciba un|reciban un|te mando un|le mando un) )*(?:abrazos?|abrazote|besos?|besitos|abracitos)(?: (?:cordial|cordiales|grande|fuerte|enorme|grandes|a todos|a todas|para todos|desde aqui|y bendiciones|y exitos))?",
    r"(?:(?:un|fuerte|gran|gran|enorme|grande) )+(?:abrazo|beso)",
    r"(?:muchas |mil )?bendiciones(?: (?:para (?:ti|usted|ustedes|todos)|a todos|siempre|mil))?",
    r"(?:que )?(?:mi )?(?:dios|diosito|la virgen)(?: (?:me|mi|que))? ?(?:l[eoa]s?|te|la|los|nos|se)? (?:bendiga|bendiga mucho|bendiga siempre|guarde|pague|lo pague|acompane|cuide|bendiga a todos|bendiga y guarde)",
    r"(?:y |que )?(?:que )?(?:(?:les?|te|os) deseo |tenga[ns]?|tengas|tengan|pase[ns]?|pases|pasen|tenga usted|tengan ustedes|ten|feliz)(?: (?:un|una|unas|un muy|una muy|el resto de|usted|ustedes))*(?: (?:muy|super))?(?: (?:buen|buena|bueno|buenas|buenos|lind[oa]|bonit[oa]|excelente|feliz|gran|hermos[oa]|bell[oa]|maravillos[oa]|bendecid[oa]|espectacular|grato|grata|increible))(?: (?:dia|dias|tarde|tardes|noche|noches|fin de semana|finde|fin|semana|jornada|descanso|inicio de semana|viaje|domingo|sabado|viernes|lunes|martes|miercoles|jueves|vida|almuerzo|puente|resto de dia|resto del dia))(?: (?:tambien|igualmente|para (?:ti|usted|ustedes|todos|vos|el equipo|todo el equipo)))*",
    r"(?:(?:un|una|muy) )*buen (?:fin de semana|finde|fin|inicio de semana|viaje|descanso|domingo|sabado|viernes|puente|provecho|resto del dia)(?: (?:para (?:ti|usted|ustedes|todos|vos|el equipo|todo el equipo)|a todos|tambien|igualmente))*",
    r"(?:(?:un|una|muy|les? deseo (?:un|una)) )*(?:feliz|lind[oa]|excelente|bonit[oa]|hermos[oa]|bell[oa]|grata|bendecid[oa]|genial|maravillos[oa]) (?:dia|dias|tarde|noche|fin de semana|finde|fin|semana|jornada|descanso|inicio de semana|viaje|domingo|sabado|viernes|lunes|martes|miercoles|jueves|puente|resto del dia|navidad|ano|ano nuevo|fiestas|vacaciones|provecho)(?: (?:para (?:ti|usted|ustedes|todos|vos|el equipo|todo el equipo)|a todos|tambien|igualmente|tengas|tenga|tengan))*",
    r"(?:felices (?:fiestas|vacaciones|pascuas)|feliz navidad|prospero ano(?: nuevo)?|muchos exitos|exitos|mucho exito|suerte|buena suerte|muchas felicidades|buen provecho)",
    r"(?:que )?(?:descanse|descansa|descansen|descanses|que les rinda|que te rinda|que le rinda|que se repitan?|esten? (?:muy )?bien|estes (?:muy )?bien|le vaya (?:muy )?bien|te vaya (?:muy |super )?bien|les vaya (?:muy )?bien|siga (?:muy )?bien|sigas (?:muy )?bien)",
    r"(?:igualmente|lo mismo|igual)(?: (?:para (?:ti|usted|ustedes|vos)|a (?:ti|usted|ustedes|vos)|le deseo|les deseo))",
    r"de nada|no hay de que|nao ha de que|imagina|amen|(?:muy )?(?:cordiales saludos|saludos cordiales)|(?:l[oae]s? )?felicito(?: por (?:su|el|la|tu) (?:atencion|servicio|trabajo|gestion))?|(?:quedo|quedamos) (?:muy )?content[oa]s?",
    r"(?:igualmente|hasta (?:luego|pronto|la proxima|siempre|manana)|nos vemos|nos hablamos|nos estamos viendo|adios|adiosito|chao|chau|ciao|bye|bye bye|chaito|cuidese(?: mucho)?|cuidate(?: mucho)?|cuidense(?: mucho)?|un placer|fue un placer|ha sido un placer|un gusto|fue un gusto|atentamente|atte|cordialmente|respetuosamente|(?:muchas )?(?:felicitaciones|felicidades)(?: por (?:el|su|tu) (?:servicio|trabajo|atencion))?|enviado desde mi (?:iphone|ipad|android|celular|movil|samsung|dispositivo movil)|sent from my (?:iphone|ipad|android|phone|mobile|samsung)|enviado do meu (?:iphone|ipad|android|celular|samsung)|muy atentamente|con carino|con aprecio)",
    // pt
    r"(?:(?:um|uma|te desejo|lhe desejo|desejo|e|que|voce|vc|voces|vcs|tenha|tenham|tenhas|pra voce|muito) )*(?:otim[oa]|excelente|bom|boa|lind[oa]|feliz|abencoad[oa]|maravilhos[oa]|belo|bela) (?:fim de semana|final de semana|fds|semana|feriado|trabalho|descanso|domingo|sabado|sexta|segunda|restante de semana|resto de semana|resto de dia|natal|ano|ano novo|viagem|almoco|inicio de semana)(?: (?:pra|para|a) (?:voce|vc|voces|vcs|ti|todos|todas)(?: tambem| tbm| tb| tbem)?)?",
    r"(?:(?:um|uma|te desejo|lhe desejo|desejo|que|tenha|tenham|tenhas) )+(?:otim[oa]|excelente|bom|boa|lind[oa]|feliz|abencoad[oa]|maravilhos[oa]) (?:dia|tarde|noite)(?: (?:pra|para|a) (?:voce|vc|voces|vcs|ti|todos|todas)(?: tambem| tbm| tb| tbem)?)?",
    r"(?:otim[oa]|excelente|feliz|abencoad[oa]|lind[oa]) (?:dia|tarde|noite)(?: (?:pra|para|a) (?:voce|vc|voces|vcs|ti|todos|todas)(?: tambem| tbm| tb| tbem)?)?",
    r"(?:(?:um|grande|forte|super) )*(?:abraco|abracos|abracao|abs|abc|beijo|beijos|bjs|bjo|bjao|beijao)(?: (?:a todos|pra todos|em todos|pra voces|pra voce|grande|e beijos))?",
    r"(?:ate (?:mais|logo|breve|a proxima|amanha|mais ver)|tchau|tchauzinho|xau|flw|fique com deus|fiquem com deus|vai com deus|fica com deus|amem|(?:pra|para) (?:voce|vc|voces|vcs|ti) tambem|(?:pra|para) (?:voce|vc|voces|vcs) (?:tbm|tb|tbem)|disponha|magina|atenciosamente|att|cordialmente|bom descanso|bons sonhos|sucesso|muito sucesso|boas festas|tudo de bom|se cuida|se cuidem|foi um prazer|(?:bom dia|boa tarde|boa noite) (?:pra|para) (?:voce|vc|voces|vcs) (?:tambem|tbm|tb|tbem)|(?:com )?(?:os )?(?:melhores )?cumprimentos|continuacao de (?:um )?(?:bom|otimo|boa) (?:dia|tarde|noite|semana|trabalho))",
    r"(?:que )?deus (?:(?:te|lhe|lhes|o|a|os|as|nos|vos) )?(?:abencoe|abencoe muito|abencoe sempre|abencoe voce|pague|proteja|ilumine|guarde)(?: (?:a )?(?:voce|vc|voces|vcs|todos|todas|sua familia|sempre|muito|grandemente))*",
    // en
    r"(?:(?:have|you have|hope you have|wish you|wishing you|wish you all|enjoy|have yourself|happy|and have) )(?:(?:a|an|the|your|very|really|truly) )*(?:(?:good|great|nice|lovely|wonderful|blessed|fantastic|pleasant|awesome|beautiful|fabulous|amazing|restful|safe|happy|super|excellent|relaxing) )?(?:day|one|evening|night|weekend|week|afternoon|morning|rest of (?:your|the|ur) (?:day|week|evening|afternoon)|holiday|holidays|new year|friday|monday|trip|time|easter|thanksgiving)(?: (?:ahead|too|yourself|everyone|all|off))?",
    r"(?:take care|take good care|stay blessed|x|stay safe|bye|bye bye|byee|bye now|goodbye|good bye|farewell|so long|bye for now|(?:good night|goodnight|good nite|nighty night|nite nite|gn)|talk soon|(?:you are|you re|youre|ur|u r) (?:very |most |so )?welcome|see you|see ya|see u|cya|see you (?:soon|around|later|then)|see ya (?:soon|around|later)|cheers|cheerio|ciao|ta ra|(?:with )?(?:kind|best|warm|warmest|kindest|many) (?:regards|wishes)|regards|best|sincerely|yours|yours truly|yours sincerely|all the best|god bless(?: (?:you|u|you all|ya))?|bless you|blessings|many blessings|be blessed|bless|same to (?:you|u|you all)|(?:and )?(?:you|u) too|likewise|(?:and )?to you too|happy holidays|happy new year|merry christmas|good luck|keep up the (?:good|great) work|keep it up|xoxo|xo|xx|much love|lots of love|hugs|peace|pleasure|it was a pleasure|a pleasure|it s been a pleasure)",
];

/// What greets at the beginning of a talk and takes leave at its end: it counts behind another courtesy only.
pub(super) const LEAVES: &[&str] = &[
    r"(?:(?:un|muy|y|que|tengan|tenga) )*(?:buen dia|buenas tardes|buenas noches|buena tarde|buena noche|buenos dias|feliz tarde|feliz noche|linda noche)(?: (?:para (?:ti|usted|ustedes|todos)|a todos))?",
    r"(?:(?:un|mis|muchos|cordial|cordiales|atentos|recibe un|reciba un|reciban un) )*saludos?(?: (?:cordial|cordiales|grandes|a todos|a todas|para todos|desde aqui|y bendiciones|y exitos|y abrazos|y buen dia))?",
    r"(?:bom dia|boa tarde|boa noite|bom dia a todos|boa noite a todos)(?: (?:pra|para|a) (?:voce|vc|voces|vcs|todos)(?: tambem| tbm| tb| tbem)?)?",
    r"(?:good (?:night|evening|day|afternoon|morning)|good nite|nighty night|gn)",
    r"(?:todo bien|tudo bem|todo ok|bueno|de nada|a usted|a ustedes|a ti|a vos|you are welcome|you re welcome|youre welcome|welcome|imagina|disponha)",
    r"(?:por tod[oa]|por la ayuda|por su ayuda|por tu ayuda|por todo su apoyo|por su atencion|for everything|por tudo|for your help|pela ajuda|de verdad|en serio|de corazon|de coracao|mesmo|brigada|demais|really|truly|sinceramente|sincerely|siempre|como siempre|as always|as ever|sempre)",
];

/// What is breathed before a courtesy.
pub(super) const INTERJECTIONS: &[&str] = &[
    r"(?:a+h+|a{2,}|u+y+|a+y+|e+h+|bueno|bueno pues|a+h* bueno|ay que bueno|ah ya|nossa|puxa|opa|bah|oxe|aww+|phew|epa)",
];

/// That it was all: what answers an offer of more help, beside another courtesy only.
pub(super) const ALL_OF_IT: &[&str] = &[
    r"(?:con )?(?:eso|esto) (?:es|era|seria|fue) todo(?: por (?:hoy|ahora))?|era (?:solo |solamente )?(?:eso|todo)|solo era eso",
    r"(?:era|e|seria) (?:so|apenas) isso(?: mesmo)?|so isso(?: mesmo)?|por (?:hoje|enquanto) (?:e |era )?so",
    r"(?:that is|that s|thats|that was|that will be|that ll be|thatll be) (?:all|everything|it)(?: for (?:now|today))?",
];

/// What consents as well as it takes note: it counts beside another courtesy only.
pub(super) const CONSENTS: &[&str] = &[
    r"(?:dale|sale|va|venga|sale y vale|andale|andale pues|orale pues|va pues|dale dale|vale vale|ah bueno|orale|simon|arre|de una|de acuerdo|conforme|todo listo|lista|combinado|de acordo|fechado|fechou|bueno|esta bien|k|kk)",
];

/// Whom a courtesy addresses.
pub(super) const ADDRESSES: &[&str] = &[
    r"(?:sr|sra|srta|senor|senora|senorita|don|dona|dr|dra|lic|ing|inge|profe|seu|mr|mrs|ms|miss) SURNAME",
    r"(?:mi |mis |mi muy )?(?:amig[oa]s?|estimad[oa]s?|querid[oa]s?|jef[ea]|senor|senora|senorita|sr|sra|srta|don|dona|doctor|doctora|dr|dra|profe|profesor|profesora|ing|ingeniero|ingeniera|lic|licenciad[oa]|equipo|chic[oa]s|crack|maestro|reina|rey|corazon|amor|bro|parce|parcero|hermano|hermana|herman[oa]s|compadre|vecin[oa]|linda|lindo|caballero|compa|compita|veci|vecinit[oa]|wey|man|mano|pana|causa|pata|mija|mijo|che|cuate|carnal|tio|tia|genia|genio|capo|capa|campeon|campeona|bella|preciosa|hermosa|doc|inge|licen|arqui|mister|seno|donita|patron|patrona|jefecito|jefecita|amiguito|amiguita|gente|equipazo|senores|senoras|senoritas|tod[oa]s|muchach[oa]s|guapa|cielo|joven)",
    r"(?:meu |minha |meus |minhas )?(?:seu|dona|amig[oa]s?|querid[oa]s?|chefe|patrao|pessoal|galera|gente|equipe|time|mano|cara|irmao|irma|senhor|senhora|flor|linda|anjo|doutor|doutora|parceiro|parceira|parca|viu|visse|tche|guri|guria|brother|mozao|fofa|fofo|princesa|moca|moco|prezad[oa]s?|todos)",
    r"(?:my |dear )?(?:ms|mr|mrs|team|everyone|everybody|all|guys|folks|mate|man|sir|madam|ma am|mam|friend|friends|buddy|bro|boss|dear|hun|x|love|pal|dude|legend|y all|both|miss|doc|champ|chief|luv|lovely|hon|honey|sweetie|darling|bud|fella|lads|ladies|gents|people|peeps)",
];

/// Given names that are nothing else in these languages.
pub(super) const NAMES: &str = "adriana|agustin|agustina|alejandra|alejandro|alexandra|alfredo|alicia|ana|anita|andrea|andres|angela|angelica|antonio|antonia|arturo|beatriz|bernardo|bruno|caio|camila|camilo|carla|carlos|carmen|carolina|catalina|cecilia|claudia|cristian|cristina|daniel|daniela|david|diana|diego|eduardo|elena|elisa|elizabeth|emilia|emilio|enrique|erika|esteban|eva|fabio|felipe|fernanda|fernando|francisco|francisca|gabriel|gabriela|gloria|gonzalo|guillermo|gustavo|hector|helena|hernan|hugo|ignacio|ines|irene|isabel|isabela|isabella|ivan|javier|jaime|jennifer|jessica|joao|joaquin|jorge|jose|josefina|juan|juana|juanita|julia|julian|juliana|karen|karina|karla|laura|leonardo|liliana|lina|lorena|lucas|lucia|luciana|luis|luisa|maite|manuel|manuela|marcela|marcelo|marcos|margarita|maria|mariana|mariano|mario|marta|martha|martin|martina|mateo|matias|mauricio|maria jose|melissa|miguel|monica|natalia|nicolas|nora|olga|oscar|pablo|paola|patricia|patricio|paula|paulo|pedro|rafael|rafaela|ramiro|raquel|raul|renata|ricardo|roberto|rocio|rodrigo|rosana|samuel|sandra|sara|sebastian|sergio|silvia|simone|sofia|susana|tatiana|teresa|thiago|tiago|tomas|valentina|valeria|vanessa|veronica|vicente|victor|viviana|ximena|yolanda|laurita|carlitos|dianita|paulita|andreita|danielita|marianita|camilita|lupita|teresita|rosita|luisito|pedrito|juanito|sofi|dani|cami|santi|alex|amanda|amy|andrew|angela|anna|anne|barbara|brian|chris|christopher|daisy|emily|emma|eric|george|hannah|helen|henry|james|jane|jason|jeff|jenny|jessica|jim|john|jonathan|julie|kate|katie|kevin|laura|linda|lisa|lucy|marie|mary|matt|matthew|megan|michael|michelle|mike|nancy|nick|oliver|paul|peter|rachel|rebecca|richard|robert|ryan|samantha|sarah|scott|sophie|stephen|steve|susan|thomas|tom|tony|william|abby|adam|adelaida|adolfo|adrian|agos|ainhoa|aisha|aitor|alan|alana|alberto|aldo|aleja|alejo|alice|aline|alison|alisson|alonso|alvaro|alyssa|amalia|amelia|anabel|analia|anderson|anibal|arantxa|arjun|armando|arthur|ashley|asier|begona|belen|benjamin|berta|beth|bia|bianca|bobby|borja|braulio|brenda|brittany|bruna|bryan|caique|caitlin|cameron|candela|carina|carito|carl|carol|caroline|carolyn|cayetana|ceci|celina|celio|cesar|charlie|chema|chloe|christina|christine|cicero|cintia|claire|clarice|claudinei|claudio|cleber|clemente|cody|conchita|cristiane|cristobal|cynthia|damian|danielle|danilo|dario|darren|dave|davi|dayana|debbie|debora|deepak|delia|denilson|denis|denise|derek|diane|divya|donna|doug|dylan|edgar|edilson|edith|edna|edson|edward|efrain|elaine|elian|eliana|eliane|elias|ellen|ellie|elvira|emanuel|emmanuel|erica|ernesto|estefania|estela|ester|ethan|eugenia|eugenio|evan|ezequiel|fabian|fabiana|fabricio|fatima|federico|felicia|fermin|fiona|flavia|flavio|florencia|fred|freddy|gabi|gary|gaston|gavin|gemma|gerardo|german|gilberto|gina|giovanni|gisela|giuliana|gorka|greg|guadalupe|guido|harriet|harry|heather|heidi|heitor|horacio|humberto|ian|igor|iker|iliana|imran|inaki|irma|isaac|isadora|isaias|isidro|isla|ismael|itziar|ivana|ivone|ivonne|jacinto|jackie|jacob|jake|jamie|janet|jaqueline|jasmine|javi|jazmin|jeison|jeremy|jeronimo|jesica|jess|jhon|jhonatan|joana|joanna|joe|joel|johana|jon|jonas|jonatas|jordi|joseba|josep|josh|josiane|josue|jovana|joyce|judith|judy|juli|julieta|justin|kaique|karine|katherine|kathy|kati|katia|kavita|keila|keith|kelly|kenia|kenneth|kerry|kim|kirsty|kyle|larissa|larry|lauren|lautaro|leandro|leidy|leila|leire|leonel|leslie|leticia|liam|lidia|lisandro|lizeth|lluis|lorenzo|lorraine|louis|louise|lourdes|luan|lucho|luciano|luciene|lucimara|luiz|luiza|luke|lupe|lynn|maca|macarena|mafe|magali|magdalena|maggie|maiara|maicon|maira|majo|malcolm|malena|manolo|marcia|marcus|margarida|mariane|maribel|maricarmen|marisa|marisol|maritza|marlene|marlon|mateus|matilde|mauro|maxi|maximiliano|mayra|meera|mel|melina|mery|micaela|michaela|michele|mikel|milena|mirela|miren|miriam|mirta|mitch|mohammed|moises|molly|monique|montse|montserrat|murilo|nacho|nadia|nahuel|nando|naomi|natacha|natalie|nathan|nati|nayara|nayeli|nazareno|neha|neil|nekane|nelson|nerea|nestor|niamh|nico|nicola|nicole|nidia|nigel|nikhil|noah|noelia|norberto|norma|nuria|octavio|odalis|ofelia|olivia|omar|oriana|oriol|osvaldo|otavia|otavio|paco|paige|pame|pamela|patri|patrick|paulina|pauline|pepe|phil|philip|pietra|pili|pooja|priscila|priya|quique|rafa|rahul|raissa|raj|ramon|raquelita|ravi|rebeca|reginaldo|reinaldo|rejane|renan|renato|rene|rhys|ricky|roberta|robson|rodolfo|rodri|rogelio|rogerio|rohan|romina|ron|ronald|rosalia|rosangela|roser|roxana|ruth|sabri|sabrina|samanta|samara|sandro|sanjay|santiago|saul|sean|seba|selena|sergi|shannon|sharon|shaun|sheila|silvana|silvio|simon|solange|sonia|stacey|stella|stuart|sueli|sunita|susy|suzana|suzanne|tais|tamara|tamires|tania|tati|tatiane|ted|tefi|telma|tere|terry|thais|theo|toby|todd|toni|tracy|trevor|tulio|tyler|ulises|unai|vagner|valdir|valen|valentin|vane|vanesa|vero|vicen|vicky|vikram|vilma|vinicius|vitor|vivi|viviane|wagner|walter|wanda|wayne|wendy|wesley|wilson|xavi|xavier|xime|yami|yamila|yanina|yasmin|yesenia|yesica|yessica|yuli|yuliana|yuri|yusuf|zoe|zulma|ana paula|ana maria|ana lucia|juan pablo|juan carlos|juan jose|jose luis|maria fernanda|maria paula|maria elena|luis fernando|ana sofia|ruben|andre|roy|tim|sally|rosie|abi|becky|cacau|carolzinha|chela|cheli|chelo|chuy|danny|dany|dudu|edu|facu|fede|gabby|gabo|gonza|guga|gui|guille|isa|jen|jenn|juampi|juanca|juanjo|juanma|juanpa|juju|karlita|kary|katy|lean|lety|liz|lizzie|luisfer|luli|lupis|maddy|mafer|magui|malu|marce|mariajo|maru|mechi|meg|mely|mili|nacha|nahu|nanda|nate|nikki|pablito|pao|pauli|pri|rafinha|rochi|sammy|santy|steph|susi|tash|tefa|thi|tomi|vicki|yadi|yoli|yoyo|zeca|zoila";

/// Words in which a slip is seen through.
pub(super) const SLIPPED: &[&str] = &[
    "gracias",
    "muchas",
    "muchisimas",
    "perfecto",
    "excelente",
    "entendido",
    "recibido",
    "agradezco",
    "buenisimo",
    "bendiciones",
    "amable",
    "amables",
    "felicitaciones",
    "obrigado",
    "obrigada",
    "perfeito",
    "excelentes",
    "thanks",
    "perfect",
    "awesome",
    "excellent",
    "appreciate",
    "appreciated",
    "understood",
    "received",
    "wonderful",
];

/// Words that are one letter away from those, and mean something else.
pub(super) const ANOTHER_WORD: &[&str] = &[
    "gracia",
    "gracioso",
    "extendido",
    "defecto",
    "obligado",
    "obligada",
    "tanks",
    "thinks",
    "prefect",
    "recibo",
    "recibida",
    "prefeito",
    "percibido",
    "mochas",
    "machas",
    "muchos",
];

/// What answers thanks: a courtesy where it is all that is written.
pub(super) const ANSWERS_THANKS: &str = "por nada|a ustedes|a usted|a vos|a ti|a voces|imagina";
