//! Alerts at a real mail server: Debian's Postfix, started on a free loopback port under a temporary directory.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::support::daemon::{Daemon, PEOPLE};
use crate::support::{PATIENCE, wait_for};

/// A Postfix of its own, which delivers everything for agencia.example into one Maildir.
struct Postfix {
    directory: TempDir,
    port: u16,
}

impl Postfix {
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        // Postfix' own user must get through.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("rights");
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let place = |name: &str| directory.path().join(name).display().to_string();
        for name in ["etc", "queue", "mail"] {
            fs::create_dir(place(name)).expect("a directory");
        }
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {queue}\ndata_directory = {data}\nmail_owner = postfix\n\
             setgid_group = postdrop\nmyhostname = mail.agencia.example\nmydestination =\ninet_interfaces = 127.0.0.1\n\
             inet_protocols = ipv4\nmynetworks = 127.0.0.0/8\nalias_maps =\nalias_database =\n\
             virtual_mailbox_domains = agencia.example\nvirtual_mailbox_base = {mail}\nvirtual_mailbox_maps = static:inbox/\n\
             virtual_uid_maps = static:65534\nvirtual_gid_maps = static:65534\ndefault_transport = error:nothing leaves this test\n\
             maillog_file = {log}\nmaillog_file_prefixes = {root}\n",
            queue = place("queue"),
            data = place("data"),
            mail = place("mail"),
            log = place("log"),
            root = directory.path().display(),
        );
        // Columns: private, unprivileged, chroot, wakeup, how many.
        let service = |name: &str, kind: &str, program: &str| {
            let private = if kind == "inet" { "n" } else { "-" };
            let unprivileged = if name == "virtual" { "n" } else { "-" };
            format!("{name} {kind} {private} {unprivileged} n - - {program}\n")
        };
        let unix = ["rewrite", "bounce", "defer", "trace", "verify", "error", "retry", "virtual", "proxymap", "anvil"];
        let mut master = service(&format!("127.0.0.1:{port}"), "inet", "smtpd");
        for name in unix {
            let program = match name {
                "rewrite" => "trivial-rewrite",
                "defer" | "trace" => "bounce",
                "retry" => "error",
                name => name,
            };
            master += &service(name, "unix", program);
        }
        master += "cleanup unix n - n - 0 cleanup\nqmgr unix n - n 300 1 qmgr\npostlog unix-dgram n - n - 1 postlogd\n";
        fs::write(directory.path().join("etc/main.cf"), main).expect("main.cf");
        fs::write(directory.path().join("etc/master.cf"), master).expect("master.cf");
        fs::create_dir(place("data")).expect("a directory");
        let owned = Command::new("chown").arg("postfix").arg(place("data")).status();
        assert!(owned.expect("chown runs").success(), "there is no user postfix; install it: apt-get install postfix");
        fs::set_permissions(place("mail"), fs::Permissions::from_mode(0o777)).expect("rights");
        let postfix = Self { directory, port };
        let output =
            postfix.command("start").output().expect("postfix is missing; install it: apt-get install postfix");
        assert!(
            output.status.success(),
            "Postfix does not start (it needs root): {}{}",
            String::from_utf8_lossy(&output.stderr),
            postfix.log()
        );
        wait_for("Postfix to listen", PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        postfix
    }

    fn command(&self, what: &str) -> Command {
        let mut command = Command::new("postfix");
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").arg("-c").arg(self.directory.path().join("etc")).arg(what);
        command
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// The mails that have been delivered, in the order of their arrival.
    fn mails(&self) -> Vec<String> {
        let inbox: &Path = &self.directory.path().join("mail/inbox/new");
        let entries =
            fs::read_dir(inbox).map(|entries| entries.map_while(Result::ok).map(|entry| entry.path()).collect());
        let mut paths: Vec<PathBuf> = entries.unwrap_or_default();
        paths.sort();
        paths.iter().filter_map(|path| fs::read_to_string(path).ok()).collect()
    }

    #[track_caller]
    fn wait_for(&self, n: usize) -> Vec<String> {
        wait_for(&format!("{n} mails in the mailbox"), PATIENCE, || Some(self.mails()).filter(|mails| n <= mails.len()))
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Postfix' log:\n{}", self.log());
        }
        self.command("stop").output().ok();
    }
}

#[test]
fn a_whatsapp_left_unanswered_is_mailed_at_each_step_to_a_real_server() {
    let postfix = Postfix::start();
    let config = format!(
        "{PEOPLE}[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"plazo <plazo@agencia.example>\"\n\
         [roles]\nsupervisor = \"ana\"\n\
         [[policy]]\nname = \"whatsapp\"\nmatch = {{ channel = \"whatsapp\" }}\nteam = \"social\"\n\
         reply = {{ rule = \"A1\", within = \"20m\", escalation = \"client\" }}\n\
         [escalation]\nclient = [{{ at = \"-5m\", tell = [\"owner\"] }}, {{ at = \"due\", tell = [\"lead\"] }}, {{ at = \"+2s\", tell = [\"supervisor\"] }}]\n",
        postfix.port
    );
    let daemon = Daemon::start(&config);
    // Written so long ago that the warning is due in a moment; two more so that the breach is.
    let warned = daemon.client_message("m-1", "t-1", Duration::from_secs(15 * 60 - 1));
    daemon.post(&format!("/v1/requests/{warned}/own"), &json!({"owner": "laura"}));
    let breached = daemon.client_message("m-2", "t-2", Duration::from_secs(20 * 60 - 1));
    // The second one's warning was missed, and comes late.
    let mails = postfix.wait_for(4);
    let about = |request: &str, word: &str| {
        let marked = format!("[{request}] {word}");
        mails
            .iter()
            .find(|mail| mail.contains(&marked))
            .unwrap_or_else(|| panic!("no `{marked}` in {mails:#?}"))
            .clone()
    };
    assert!(about(&warned, "Due soon in 5 min").contains("Delivered-To: laura@agencia.example"));
    let (breach, escalation) = (about(&breached, "Overdue"), about(&breached, "Escalated"));
    assert!(breach.contains("Delivered-To: ana@agencia.example"));
    // Both of one request are one thread.
    let references = |mail: &str| mail.lines().find(|line| line.starts_with("References:")).map(str::to_owned);
    assert_eq!(references(&breach), references(&escalation));
    assert!(references(&breach).is_some());
}
