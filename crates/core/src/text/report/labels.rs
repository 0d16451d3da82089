//! The words of a report's templates.

use minijinja::{Value, context};

use crate::text::{Both, Language};

/// Words of the templates.
pub(super) fn labels(language: Language) -> Value {
    let of = |en, es| language.of(Both { en, es });
    context! {
        lang => language.code(),
        standard => of("standard", "meta"),
        met => of("met", "cumple"),
        not_met => of("not met", "no cumple"),
        before => of("than the period before", "que el período anterior"),
        requests => of("requests", "solicitudes"),
        request => of("request", "solicitud"),
        back => of("Another period", "Otro período"),
        better => of("better", "mejor"),
        worse => of("worse", "peor"),
        open_quote => of("\"", "«"),
        close_quote => of("\"", "»"),
        more => of("more", "más"),
        percentiles => of("Percentiles", "Percentiles"),
        half => of("half of them", "la mitad"),
        nine => of("9 of 10", "9 de 10"),
        working => of("working time", "tiempo laboral"),
        elapsed => of("elapsed", "tiempo corrido"),
        worst => of("The longest waits", "Las esperas más largas"),
        open => of("not answered yet", "sin responder"),
        holders => of("In whose hands the time went", "En manos de quién pasó el tiempo"),
        rules => of("Broken rules", "Reglas incumplidas"),
        excused => of("explained", "explicadas"),
        closings => of("Closings", "Cierres"),
        orphans => of("Without association", "Sin asociar"),
        waived => of("Said to need no answer", "Se dijo que no hacía falta responder"),
        reasons => of("Why promises broke", "Por qué se incumplió"),
        excluded => of("out of the figures", "fuera de las cifras"),
        awaiting => of("to be approved", "por aprobar"),
        said => of("said by", "lo dijo"),
        approved => of("approved by", "lo aprobó"),
        refused => of("not approved by", "no lo aprobó"),
        still => of("How long it stood still", "Cuánto tiempo estuvo en espera"),
        of_the_time => of("of the time", "del tiempo"),
        kept_waiting => of("Kept, after long waits", "Cumplidas, después de largas esperas"),
        own => of("plazo itself", "El propio plazo"),
        columns => [of("first", "primera"), of("answer", "resp."), of("solved", "soluc."), of("kept", "cumpl."), of("open", "sin r."), of("rules", "reglas")],
        measured_working => of("Means and standards are in working time of the calendar", "Los promedios y las metas están en tiempo laboral del calendario"),
        measured_elapsed => of("Means and standards are in elapsed time; working time is that of the calendar", "Los promedios y las metas están en tiempo corrido; el laboral es el del calendario"),
        whole => of("See the whole report", "Ver el informe completo"),
        command => of("All of it, and every request behind each figure: plazo report", "Completo, y cada solicitud detrás de cada cifra: plazo report"),
    }
}
