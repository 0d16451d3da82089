//! `plazo source test NAME --write`: who plazo is in a help desk, and what it could write there. It asks, and writes nothing.

use anyhow::{Context as _, anyhow, bail};
use serde_json::json;

use super::output::{self, DIM, GREEN, RED, YELLOW, styled};
use super::{Exit, Global, Outcome, real_time};
use crate::text::printable::printable_line;
use crate::text::{Both, Language};
use crate::writeback::HelpDesk;
use crate::{both, config, net};

pub(super) async fn run(global: &Global, name: &str, as_json: bool) -> Outcome {
    let loaded = config::load(&global.config)?;
    let language = global.language();
    let Some(config) = &loaded.config else { bail!("{}", loaded.explain(super::is_styled())) };
    let file = global.config.display();
    let source = config.sources.get(name).ok_or_else(|| {
        anyhow!(language.of(both!("there is no [source.{name}] in {file}", "no hay [source.{name}] en {file}")))
    })?;
    if let Some(key) = source.lacks_to_write() {
        bail!(language.of(both!(
            "[source.{name}] gives no `{key}`, without which plazo writes nothing there",
            "[source.{name}] no indica `{key}`, y sin eso plazo no escribe allá"
        )));
    }
    let clients = net::clients()?;
    let desk = HelpDesk::of(source, &clients).with_context(|| format!("[source.{name}]"))?;
    let Some(desk) = desk else {
        let title = &source.mapping.title;
        bail!(language.of(both!(
            "plazo does not know how to write into {title}: its mapping has no [write]",
            "plazo no sabe escribir en {title}: su correspondencia no tiene [write]"
        )));
    };
    let asked = desk.ask_account(real_time().now()).await;
    let deeds: Vec<_> = desk.write().deeds.keys().filter(|word| *word != "look").cloned().collect();
    let account = match &asked {
        Ok(words) if words.is_empty() => source.write.account.clone(),
        Ok(words) => words.clone(),
        Err(_) => Vec::new(),
    };
    let person = account.iter().find_map(|word| config.rulebook.directory.person(word));
    let problem = asked.as_ref().err().map(|error| error.cause().to_owned());
    let is_other = asked.as_ref().is_ok_and(|words| !words.is_empty() && desk.is_another_s(words));
    let named = is_other.then(|| source.write.account.join(", "));
    let is_well = problem.is_none() && person.is_none() && named.is_none();
    if as_json {
        output::json(&json!({
            "source": name, "account": account, "deeds": deeds, "problem": problem,
            "person": person.map(|person| &person.key), "write_as": named,
        }))?;
    } else {
        tell(&account, &deeds, problem.as_deref(), person.map(|person| person.name.as_str()), language)?;
        if let Some(named) = named {
            let named = printable_line(&named);
            let text = both!(
                "write_as says {named}: plazo writes nothing by a token that is somebody else's",
                "write_as dice {named}: plazo no escribe con un token que es de otro"
            );
            output::line(&styled(RED, language.of(text)))?;
        }
    }
    Ok(if is_well { Exit::Done } else { Exit::Found })
}

fn tell(
    account: &[String],
    deeds: &[String],
    problem: Option<&str>,
    person: Option<&str>,
    language: Language,
) -> anyhow::Result<()> {
    let known = printable_line(&account.join(", "));
    match problem {
        Some(cause) => {
            let cause = printable_line(cause);
            let text = both!("the token is not taken: {cause}", "el token no sirve: {cause}");
            output::line(&styled(RED, language.of(text)))?;
        }
        None if known.is_empty() => {
            let text = Both {
                en: "that system does not say who the token is; write its id as write_as",
                es: "ese sistema no dice de quién es el token; escriba su id en write_as",
            };
            output::line(&styled(YELLOW, language.of(text)))?;
        }
        None => output::line(&styled(GREEN, language.of(both!("plazo is there {known}", "plazo es allá {known}"))))?,
    }
    if let Some(name) = person {
        let name = printable_line(name);
        let text = both!(
            "that account is {name}'s: plazo writes nothing by it, since it would count as that person's work",
            "esa cuenta es de {name}: plazo no escribe con ella, porque contaría como trabajo de esa persona"
        );
        output::line(&styled(RED, language.of(text)))?;
    }
    let deeds = deeds.join(", ");
    output::line(&styled(DIM, language.of(both!("it can be asked for: {deeds}", "se le puede pedir: {deeds}"))))
}
