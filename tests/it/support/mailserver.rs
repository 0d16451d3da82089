//! Real mail servers, Debian's Postfix and Dovecot, each started on free loopback ports under a temporary directory.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{PATIENCE, wait_for};

/// A Postfix of its own, which delivers everything for agencia.example into one Maildir.
pub struct Postfix {
    pub directory: TempDir,
    pub port: u16,
}

impl Postfix {
    pub fn start() -> Self {
        Self::start_after("", |_| ()).0
    }

    /// Starts with further lines in its `main.cf`, in which `ROOT` stands for its directory, once `first` has started what these name: a
    /// Postfix that does not find it holds every mail up for a minute.
    pub fn start_after<T>(further: &str, first: impl FnOnce(&Path) -> T) -> (Self, T) {
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
        let main = main + &further.replace("ROOT", &directory.path().display().to_string());
        fs::write(directory.path().join("etc/main.cf"), main).expect("main.cf");
        fs::write(directory.path().join("etc/master.cf"), master).expect("master.cf");
        fs::create_dir(place("data")).expect("a directory");
        let owned = Command::new("chown").arg("postfix").arg(place("data")).status();
        assert!(owned.expect("chown runs").success(), "there is no user postfix; install it: apt-get install postfix");
        fs::set_permissions(place("mail"), fs::Permissions::from_mode(0o777)).expect("rights");
        let postfix = Self { directory, port };
        let started = first(postfix.directory.path());
        let output =
            postfix.command("start").output().expect("postfix is missing; install it: apt-get install postfix");
        assert!(
            output.status.success(),
            "Postfix does not start (it needs root): {}{}",
            String::from_utf8_lossy(&output.stderr),
            postfix.log()
        );
        wait_for("Postfix to listen", PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        (postfix, started)
    }

    /// Hands a mail in, as a server elsewhere does, or as `user` who logs in.
    #[track_caller]
    pub fn hand_in(&self, user: Option<&str>, from: &str, to: &str, mail: &str) {
        let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", self.port)).expect("Postfix listens"));
        stream.get_ref().set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut talk = |line: Option<&str>, code: &str| {
            if let Some(line) = line {
                stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).expect("a line is sent");
            }
            let mut answer = String::new();
            while answer.lines().last().is_none_or(|last| last.get(3..4) != Some(" ")) {
                assert!(0 < stream.read_line(&mut answer).expect("an answer"), "{line:?}: {answer}");
            }
            assert!(answer.starts_with(code), "{line:?}: {answer}");
        };
        talk(None, "220");
        talk(Some("EHLO elsewhere.example"), "250");
        if let Some(user) = user {
            let secret =
                base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("\0{user}\0{PASSWORD}"));
            talk(Some(&format!("AUTH PLAIN {secret}")), "235");
        }
        talk(Some(&format!("MAIL FROM:<{from}>")), "250");
        talk(Some(&format!("RCPT TO:<{to}>")), "250");
        talk(Some("DATA"), "354");
        talk(Some(&format!("{mail}\r\n.")), "250");
        talk(Some("QUIT"), "221");
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
    pub fn wait_for(&self, n: usize) -> Vec<String> {
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

/// A Dovecot of its own, which shows one Maildir to whoever knows the password.
pub struct Dovecot {
    pub directory: TempDir,
    /// Port of IMAP with STARTTLS or without TLS.
    pub port: u16,
    /// Port of IMAP over TLS.
    pub tls_port: u16,
    maildir: PathBuf,
    child: Option<Child>,
}

/// The password of every user.
pub const PASSWORD: &str = "un-secreto";

impl Dovecot {
    /// Starts over a Maildir, which is made where it is missing.
    pub fn start(maildir: &Path) -> Self {
        Self::start_with(maildir, "")
    }

    /// Starts with further lines in its configuration.
    pub fn start_with(maildir: &Path, further: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("rights");
        let free = || TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let (port, tls_port) = (free(), free());
        let root = directory.path().to_owned();
        let place = |name: &str| root.join(name).display().to_string();
        let made = Command::new("openssl")
            .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
            .args([
                "-addext",
                "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-addext",
                "basicConstraints=critical,CA:FALSE",
            ])
            .args(["-keyout", &place("key.pem"), "-out", &place("cert.pem")])
            .output()
            .expect("openssl is missing; install it: apt-get install openssl");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let dovecot = Self { directory, port, tls_port, maildir: maildir.to_owned(), child: None };
        dovecot.deliver_into("", None);
        dovecot.deliver_into(".Sent", None);
        let config = format!(
            "protocols = imap\nbase_dir = {run}\nstate_dir = {run}\nlog_path = {log}\nlisten = 127.0.0.1\n\
             ssl = yes\nssl_cert = <{cert}\nssl_key = <{key}\ndisable_plaintext_auth = no\nauth_mechanisms = plain login xoauth2\n\
             mail_location = maildir:{mail}\nfirst_valid_uid = 1\nmail_uid = 65534\nmail_gid = 65534\n\
             passdb {{\n driver = static\n args = password={PASSWORD}\n}}\n\
             userdb {{\n driver = static\n args = uid=65534 gid=65534 home={mail}\n}}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n port = {port}\n }}\n inet_listener imaps {{\n port = {tls_port}\n ssl = yes\n }}\n}}\n\
             service anvil {{\n chroot =\n}}\nservice stats {{\n chroot =\n}}\n",
            run = place("run"),
            log = place("log"),
            cert = place("cert.pem"),
            key = place("key.pem"),
            mail = maildir.display(),
        );
        fs::write(dovecot.directory.path().join("dovecot.conf"), config + further).expect("dovecot.conf");
        dovecot.run()
    }

    fn run(mut self) -> Self {
        let child = Command::new("/usr/sbin/dovecot")
            .arg("-F")
            .arg("-c")
            .arg(self.directory.path().join("dovecot.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.directory.path().join("stderr")).expect("a log"))
            .spawn()
            .expect("dovecot is missing; install it: apt-get install dovecot-imapd");
        self.child = Some(child);
        wait_for("Dovecot to listen", PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", self.port)).ok());
        self
    }

    pub fn certificate(&self) -> PathBuf {
        self.directory.path().join("cert.pem")
    }

    /// Puts a mail into a folder (`""` is the inbox, `".Sent"` the sent mail), as a mail program does.
    pub fn deliver_into(&self, folder: &str, mail: Option<(&str, &str)>) {
        let folder = self.maildir.join(folder);
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(folder.join(part)).expect("a Maildir");
        }
        if let Some((name, text)) = mail {
            fs::write(folder.join("tmp").join(name), text).expect("a mail");
            own(&folder);
            fs::rename(folder.join("tmp").join(name), folder.join("new").join(name)).expect("delivered");
        }
        own(&self.maildir);
    }

    /// Ends it and starts it again.
    pub fn restart(mut self) -> Self {
        self.stop();
        self.run_again()
    }

    fn run_again(mut self) -> Self {
        self.child = None;
        let replaced = Self {
            directory: std::mem::replace(&mut self.directory, tempfile::tempdir().expect("a directory")),
            port: self.port,
            tls_port: self.tls_port,
            maildir: self.maildir.clone(),
            child: None,
        };
        replaced.run()
    }

    fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().ok();
            child.wait().ok();
        }
    }
}

fn own(path: &Path) {
    let owned = Command::new("chown").args(["-R", "65534:65534"]).arg(path).status();
    assert!(owned.expect("chown runs").success(), "the tests of mail need root");
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for log in ["log", "stderr"] {
                eprintln!(
                    "Dovecot's {log}:\n{}",
                    fs::read_to_string(self.directory.path().join(log)).unwrap_or_default()
                );
            }
        }
        self.stop();
    }
}
