//! Debian's nginx before a daemon.

use std::process::{Child, Command, Stdio};

use super::daemon::{Answer, call};
use super::{PATIENCE, wait_for};

/// Ended when dropped.
pub struct Nginx {
    child: Child,
    pub port: u16,
    _directory: tempfile::TempDir,
}

impl Nginx {
    /// Starts it with what stands in its `server` block.
    pub fn start(server: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let root = directory.path().display();
        let config = format!(
            "daemon off; user root; pid {root}/pid; error_log {root}/error.log; events {{}}\n\
             http {{ access_log off; client_body_temp_path {root}/b; proxy_temp_path {root}/p; fastcgi_temp_path {root}/f;\n\
             uwsgi_temp_path {root}/u; scgi_temp_path {root}/s; server {{ listen 127.0.0.1:{port};\n{server}\n}} }}"
        );
        std::fs::write(directory.path().join("nginx.conf"), config).expect("a file");
        let child = Command::new("/usr/sbin/nginx")
            .arg("-c")
            .arg(directory.path().join("nginx.conf"))
            .arg("-e")
            .arg(directory.path().join("start.log"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx is missing; install it: apt-get install nginx-light");
        wait_for("nginx to listen", PATIENCE, || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
        Self { child, port, _directory: directory }
    }

    pub fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        call(&format!("127.0.0.1:{}", self.port), method, path, headers, body.as_bytes())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        Command::new("kill").arg(self.child.id().to_string()).status().ok();
        self.child.wait().ok();
    }
}

/// The `location` blocks of the proxy that the page of the installation shows, with this daemon's address.
pub fn shown_proxy(address: &str) -> String {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/install.md");
    let page = std::fs::read_to_string(page).expect("docs/install.md");
    let block = page
        .split("```nginx\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a block of nginx in docs/install.md");
    let locations = &block[block.find("location").expect("a location")..block.rfind('}').expect("an end")];
    locations.replace("127.0.0.1:8787", address)
}
