//! Years of a desk behind it: what each command, page and event costs beside so many finished requests, with a hundred thousand open.
//!
//! `PLAZO_BENCH_CLOSED=0,100000,1000000,3000000 plazo bench years` names other sizes.

use std::fmt::Write as _;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta, Utc};

use super::idle::resident_megabytes;
use super::random::Random;
use super::site;
use super::{Row, load, pages};
use plazo::cli::real_time;

/// Finished requests, where nobody names others.
const SIZES: [usize; 3] = [0, 100_000, 1_000_000];
const N_OPEN: usize = 100_000;
/// Closed requests of a day of this desk: a year is 300,000.
const A_DAY: usize = 822;
/// Looks at each command; the middle one counts.
const LOOKS: usize = 3;

pub(super) async fn behind() -> anyhow::Result<Vec<Row>> {
    let sizes = match std::env::var("PLAZO_BENCH_CLOSED") {
        Ok(text) => text.split(',').map(|n| n.trim().parse()).collect::<Result<Vec<usize>, _>>()?,
        Err(_) => SIZES.to_vec(),
    };
    let mut rows = Vec::new();
    for n_closed in sizes {
        rows.extend(beside(n_closed).await?);
    }
    Ok(rows)
}

async fn beside(n_closed: usize) -> anyhow::Result<Vec<Row>> {
    let directory =
        tempfile::tempdir_in(std::env::var_os("PLAZO_BENCH_DIR").unwrap_or_else(|| std::env::temp_dir().into()))?;
    let root = directory.path();
    std::fs::write(root.join("sla.toml"), FILE)?;
    let work: &'static str = match n_closed {
        0 => "0 finished",
        100_000 => "100,000 finished",
        300_000 => "300,000 finished",
        1_000_000 => "1,000,000 finished",
        3_000_000 => "3,000,000 finished",
        _ => "finished requests",
    };
    let mut rows = Vec::new();
    let now = real_time().now();
    let (n_events, n_bytes) = write_history(&root.join("history.ndjson"), n_closed, now)?;
    let began = Instant::now();
    run(root, &["import", "history.ndjson"])?;
    let seconds = began.elapsed().as_secs_f64();
    std::fs::remove_file(root.join("history.ndjson"))?;
    let size = store_size(root)?;
    // What is open is small beside what is finished, and is told apart by a store of that alone: the first size.
    let figure = format!("{:.0} events/s, {:.0} MB", n_events as f64 / seconds, size as f64 / 1e6);
    let each = if n_closed == 0 {
        String::new()
    } else {
        format!(
            "; {:.1} kB a request with its events of {:.1} kB",
            size as f64 / 1e3 / (n_closed + N_OPEN) as f64,
            n_bytes as f64 / 1e3 / (n_closed + N_OPEN) as f64
        )
    };
    rows.push(Row::new(work, format!("import: {figure}"), format!("{n_events} events in {seconds:.1} s{each}")));
    let (process, cookies) = pages::served(root, 1).await?;
    let mut figure =
        format!("ready {:.2} s, {:.0} MB", process.ready_after.as_secs_f64(), resident_megabytes(process.child.id())?);
    let cookie = cookies.first().context("a session")?;
    for (name, path) in [("/metrics", "/metrics"), ("page", "/"), ("estado", "/estado")] {
        pages::look(process.address, cookie, path).await?;
        let mut times = Vec::new();
        for _ in 0..LOOKS {
            times.push(pages::look(process.address, cookie, path).await?.0);
        }
        write!(figure, ", {name} {:.1} ms", middle(times))?;
    }
    rows.push(Row::new(work, figure, ""));
    let mut figure = String::new();
    for words in ["list", "queue", "status", "unknown", "violations", "deliveries --state dead", "list --state closed"]
    {
        let mut times = Vec::new();
        for _ in 0..LOOKS {
            let began = Instant::now();
            run(root, &words.split(' ').collect::<Vec<_>>())?;
            times.push(began.elapsed());
        }
        write!(figure, "{}{words} {:.0} ms", if figure.is_empty() { "" } else { ", " }, middle(times))?;
    }
    rows.push(Row::new(work, figure, "each a process of its own"));
    let due_at = now + TimeDelta::minutes(50);
    let rate =
        load::post(process.address, 16, Duration::from_secs(5), usize::MAX, move |n| site::message(n, due_at)).await?;
    let megabytes = resident_megabytes(process.child.id())?;
    rows.push(Row::new(work, format!("intake {rate:.0} events/s"), format!("{megabytes:.0} MB resident then")));
    let mut figure = String::new();
    for (name, args) in [("week", ["--from", "-7d"]), ("year", ["--from", "-365d"])] {
        let began = Instant::now();
        run(root, &["report", args[0], args[1], "--json"])?;
        write!(
            figure,
            "{}report of a {name} {:.2} s",
            if figure.is_empty() { "" } else { ", " },
            began.elapsed().as_secs_f64()
        )?;
    }
    rows.push(Row::new(work, figure, format!("{:.0} MB resident then", resident_megabytes(process.child.id())?)));
    Ok(rows)
}

fn run(root: &Path, args: &[&str]) -> anyhow::Result<()> {
    let mut command = Command::new(std::env::current_exe()?);
    command.current_dir(root).args(args).args(["--config", "sla.toml", "--data", "data"]).stdout(Stdio::null());
    let output = command.output()?;
    let code = output.status.code();
    ensure!(matches!(code, Some(0 | 1)), "plazo {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn store_size(root: &Path) -> anyhow::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(root.join("data"))? {
        size += entry?.metadata()?.len();
    }
    Ok(size)
}

fn middle(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}

/// Writes the history of a desk: finished requests back through the years, and what is open of the last two days. Returns how many events
/// that is, and their bytes.
fn write_history(path: &Path, n_closed: usize, now: DateTime<Utc>) -> anyhow::Result<(usize, usize)> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    let mut rng = Random::new(7);
    let (mut n_events, mut n_bytes) = (0, 0);
    let days = n_closed.div_ceil(A_DAY);
    for n in 0..n_closed {
        let day = i64::try_from(days - n / A_DAY)?;
        // Two thirds in the morning, as desks know.
        let hour = if rng.u32(3) < 2 { 8 + rng.u32(4) } else { 13 + rng.u32(5) };
        let opened = now - TimeDelta::days(day + 2) + TimeDelta::minutes(i64::from(hour * 60 + rng.u32(60)));
        let request = Request { number: n, opened };
        for line in request.life(&mut rng) {
            (n_events, n_bytes) = (n_events + 1, n_bytes + line.len());
            writeln!(file, "{line}")?;
        }
    }
    for n in 0..N_OPEN {
        let opened = now - TimeDelta::minutes(i64::from(rng.u32(2 * 1_440)) + 1);
        let line = Request { number: 10_000_000 + n, opened }.asks(&mut rng);
        (n_events, n_bytes) = (n_events + 1, n_bytes + line.len());
        writeln!(file, "{line}")?;
    }
    file.flush()?;
    Ok((n_events, n_bytes))
}

struct Request {
    number: usize,
    opened: DateTime<Utc>,
}

impl Request {
    /// Everything that happens to it.
    fn life(&self, rng: &mut Random) -> Vec<String> {
        let mut lines = vec![self.asks(rng)];
        let mut at = self.opened;
        // Four of five within the promise.
        at += TimeDelta::minutes(i64::from(if rng.u32(5) < 4 { 1 + rng.u32(18) } else { 25 + rng.u32(400) }));
        lines.push(self.line("message", at, rng, "out"));
        if rng.u32(3) == 0 {
            at += TimeDelta::minutes(i64::from(10 + rng.u32(600)));
            lines.push(self.line("message", at, rng, "in"));
            at += TimeDelta::minutes(i64::from(1 + rng.u32(60)));
            lines.push(self.line("message", at, rng, "out"));
        }
        at += TimeDelta::minutes(i64::from(5 + rng.u32(1_200)));
        lines.push(self.line("deliver", at, rng, ""));
        at += TimeDelta::minutes(i64::from(1 + rng.u32(60)));
        lines.push(self.line("close", at, rng, ""));
        lines
    }

    fn asks(&self, rng: &mut Random) -> String {
        self.line("message", self.opened, rng, "in")
    }

    fn line(&self, kind: &str, at: DateTime<Utc>, rng: &mut Random, direction: &str) -> String {
        let n = self.number;
        let channel = ["whatsapp", "whatsapp", "email", "phone"][n % 4];
        let at = at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        let id = rng.u32(u32::MAX);
        let client = n % (N_OPEN / 5);
        let author = match (kind, direction) {
            ("message", "in") => {
                format!("{{\"name\":\"Cliente {client}\",\"address\":\"+57300{client:07}\",\"kind\":\"customer\"}}")
            }
            _ => format!("{{\"name\":\"agente{}\",\"kind\":\"agent\"}}", rng.u32(8)),
        };
        let text = TEXTS[rng.u32(u32::try_from(TEXTS.len()).unwrap_or(1)) as usize];
        let more = match (kind, direction) {
            ("message", _) => format!(",\"direction\":\"{direction}\",\"text\":\"{text}\""),
            ("close", _) => ",\"reason\":\"resuelto\"".to_owned(),
            _ => String::new(),
        };
        format!(
            "{{\"id\":\"y-{n}-{id}\",\"source\":\"years\",\"type\":\"{kind}\",\"at\":\"{at}\",\"channel\":\"{channel}\",\"thread\":\"y-{n}\",\"author\":{author}{more}}}"
        )
    }
}

const TEXTS: [&str; 6] = [
    "Buenos días, ¿me pueden decir cómo va el pedido que hice la semana pasada?",
    "Hola, con gusto le ayudo; ya estoy revisando y le confirmo en unos minutos.",
    "Necesito la factura de este mes con los datos nuevos de la empresa, por favor.",
    "Listo, quedó enviado a su correo. ¿Hay algo más en lo que le pueda ayudar?",
    "El repartidor no ha llegado y el local cierra a las seis, ¿qué hacemos?",
    "Le adjunto el diseño con los cambios que pidió; quedo atenta a sus comentarios.",
];

const FILE: &str = r#"language = "es"
timezone = "America/Bogota"
[calendar.oficina]
hours = { mon-fri = ["08:00-12:00", "13:00-18:00"], sat = ["08:00-12:00"] }
[person.agente0]
name = "Agente Cero"
email = "agente0@agencia.example"
[person.agente1]
name = "Agente Uno"
email = "agente1@agencia.example"
[person.agente2]
name = "Agente Dos"
email = "agente2@agencia.example"
[person.agente3]
name = "Agente Tres"
email = "agente3@agencia.example"
[person.agente4]
name = "Agente Cuatro"
email = "agente4@agencia.example"
[person.agente5]
name = "Agente Cinco"
email = "agente5@agencia.example"
[person.agente6]
name = "Agente Seis"
email = "agente6@agencia.example"
[person.agente7]
name = "Agente Siete"
email = "agente7@agencia.example"
[team.mesa]
lead = "agente0"
members = ["agente1", "agente2", "agente3", "agente4", "agente5", "agente6", "agente7"]
answers_clients = true
[escalation]
e = [{ at = "due", tell = ["lead"] }]
[[policy]]
name = "bench"
match = { channel = "bench" }
reply = { within = "1h", escalation = "e" }
[[policy]]
name = "mesa"
match = { kind = "request" }
team = "mesa"
reply = { within = "20m", calendar = "oficina", escalation = "e" }
deliver = { within = "48h", escalation = "e" }
"#;
