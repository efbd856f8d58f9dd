//! A browser without a window, led over its debugging pipe: Chromium, as Debian packages it.

use crate::fixture::{DEADLINE, eventually};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

/// What it is called in one place or another.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A browser with one page open. Ended when it is dropped.
pub(crate) struct Browser {
    child: Child,
    orders: ChildStdin,
    messages: Receiver<Value>,
    sent: u64,
    page: Option<String>,
    /// What the page has asked for, and what was complained of.
    events: Vec<Value>,
}

impl Browser {
    /// Starts it; everything of its own goes into this folder.
    pub(crate) fn start(folder: &Path) -> Self {
        // It reads from the third and writes to the fourth file that it finds open.
        let pipes = r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#;
        let mut child = Command::new("sh")
            .args(["-c", pipes])
            .arg(program())
            .args(["--headless=new", "--remote-debugging-pipe", "--disable-gpu"])
            // Its sandbox needs rights that a container does not give. The page is our own.
            .args(["--no-sandbox", "--disable-dev-shm-usage", "--no-first-run"])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .arg(format!("--user-data-dir={}", folder.display()))
            .env("HOME", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let orders = child.stdin.take().expect("piped");
        let mut answers = BufReader::new(child.stdout.take().expect("piped"));
        let (heard, messages) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while answers
                .read_until(0, &mut message)
                .is_ok_and(|read| read > 0)
            {
                message.pop();
                let value = serde_json::from_slice(&message).expect("JSON");
                message.clear();
                if heard.send(value).is_err() {
                    return;
                }
            }
        });
        let mut browser = Self {
            child,
            orders,
            messages,
            sent: 0,
            page: None,
            events: Vec::new(),
        };
        browser.open_page();
        browser
    }

    fn open_page(&mut self) {
        let target = self.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call("Target.attachToTarget", attach);
        self.page = Some(session["sessionId"].as_str().expect("a page").to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Asks the browser, or its page; what happens meanwhile is kept.
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.sent += 1;
        let id = self.sent;
        let mut order = json!({"id": id, "method": method, "params": parameters});
        if let Some(page) = &self.page {
            order["sessionId"] = json!(page);
        }
        let mut text = order.to_string().into_bytes();
        text.push(0);
        self.orders.write_all(&text).expect("the browser listens");
        let answer = self.hear(&format!("an answer to {method}"), |heard| heard["id"] == id);
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    fn hear(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + DEADLINE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(heard) = self.messages.recv_timeout(left) else {
                panic!(
                    "the browser is silent: {what} never came; {:?}",
                    self.child.try_wait()
                );
            };
            if is_it(&heard) {
                return heard;
            }
            self.events.push(heard);
        }
    }

    /// Opens a file, and waits until it is shown.
    pub(crate) fn open(&mut self, file: &Path) {
        self.events.clear();
        let url = format!("file://{}", file.display());
        self.call("Page.navigate", json!({"url": url}));
        let is_loaded = |event: &Value| event["method"] == "Page.loadEventFired";
        if !self.events.iter().any(is_loaded) {
            let loaded = self.hear("the page", is_loaded);
            self.events.push(loaded);
        }
    }

    /// What this JavaScript says of the page.
    pub(crate) fn ask(&mut self, expression: &str) -> Value {
        let answer = self.call(
            "Runtime.evaluate",
            json!({"expression": expression, "returnByValue": true}),
        );
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Shows the page in a window of this width, in `light` or `dark`, on the `screen` or in `print`.
    pub(crate) fn show(&mut self, width: u32, scheme: &str, media: &str) {
        let size = json!({"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size);
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let media = json!({"media": media, "features": features});
        self.call("Emulation.setEmulatedMedia", media);
    }

    /// The addresses that the page has asked for since it was opened.
    pub(crate) fn requests(&self) -> Vec<String> {
        let asked = self.of_kind(&["Network.requestWillBeSent"]);
        let addresses = asked.map(|event| event["params"]["request"]["url"].as_str());
        addresses.flatten().map(str::to_owned).collect()
    }

    /// What the console shows since it was opened.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let kinds = [
            "Log.entryAdded",
            "Runtime.consoleAPICalled",
            "Runtime.exceptionThrown",
        ];
        self.of_kind(&kinds).map(ToString::to_string).collect()
    }

    fn of_kind(&self, methods: &[&str]) -> impl Iterator<Item = &Value> {
        let is_one =
            move |event: &&Value| methods.contains(&event["method"].as_str().unwrap_or(""));
        self.events.iter().filter(is_one)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its processes end with it.
        let _ = self.child.kill();
        if !std::thread::panicking() {
            eventually("the browser's end", || self.child.try_wait().ok().flatten());
        }
    }
}

/// The browser's program. Without one the report cannot be looked at.
fn program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|program| program.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "no browser to look at the report with: none of {} is in the PATH. On Debian: apt-get install --no-install-recommends chromium",
            NAMES.join(", ")
        )
    })
}
