//! A real browser without a window: Chromium, driven by ChromeDriver over the WebDriver protocol.
//! <https://www.w3.org/TR/webdriver2/>

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::http;

const START_MAX: Duration = Duration::from_secs(60);
/// A browser that does not come up is started anew so often: it is not what is tested.
const STARTS_MAX: u32 = 3;
/// The keys' code points in the protocol.
pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";

pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    profile: TempDir,
}

impl Browser {
    /// A window of this size, in pixels; the pages are asked for in this language.
    pub fn open(width: u32, height: u32, language: &str) -> Browser {
        let port = http::free_port();
        let driver = Command::new("chromedriver")
            .args([format!("--port={port}"), "--silent".to_owned()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver (package chromium-driver) starts");
        let mut browser = Browser {
            driver,
            port,
            session: String::new(),
            profile: tempfile::tempdir().expect("a temporary folder"),
        };
        let began = Instant::now();
        while http::try_ask(port, "GET", "/status", &[], "").is_err() {
            assert!(began.elapsed() < START_MAX, "chromedriver does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        browser.start(language);
        browser.command(
            "POST",
            "/window/rect",
            &json!({ "width": width, "height": height }),
        );
        browser
    }

    #[track_caller]
    fn start(&mut self, language: &str) {
        for start in 1.. {
            self.profile = tempfile::tempdir().expect("a temporary folder");
            let arguments = json!([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                format!("--user-data-dir={}", self.profile.path().display()),
            ]);
            let options =
                json!({ "args": arguments, "prefs": { "intl.accept_languages": language } });
            let wanted =
                json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
            match self.try_call("POST", "/session", &wanted) {
                Ok(made) => {
                    self.session = made["sessionId"].as_str().expect("a session").to_owned();
                    return;
                }
                Err(why) => assert!(start < STARTS_MAX, "no browser: {why}"),
            }
        }
    }

    #[track_caller]
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let answered = self.try_call(method, path, body);
        answered.unwrap_or_else(|why| panic!("{path}: {why}"))
    }

    fn try_call(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = match method {
            "GET" => String::new(),
            _ => body.to_string(),
        };
        let json = [("Content-Type", "application/json")];
        let answer = http::try_ask(self.port, method, path, &json, &body);
        let answer = answer.map_err(|error| error.to_string())?;
        let value: Value = serde_json::from_str(&answer.body).map_err(|error| error.to_string())?;
        match answer.status {
            200 => Ok(value["value"].clone()),
            _ => Err(value.to_string()),
        }
    }

    #[track_caller]
    fn command(&self, method: &str, path: &str, body: &Value) -> Value {
        self.call(method, &format!("/session/{}{path}", self.session), body)
    }

    #[track_caller]
    pub fn go(&self, url: &str) {
        self.command("POST", "/url", &json!({ "url": url }));
    }

    /// The result of a JavaScript function's body.
    #[track_caller]
    pub fn script(&self, body: &str) -> Value {
        self.command(
            "POST",
            "/execute/sync",
            &json!({ "script": body, "args": [] }),
        )
    }

    /// What the page says.
    pub fn text(&self) -> String {
        let text = self.script("return document.body.innerText");
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the page says all of this.
    #[track_caller]
    pub fn shows(&self, texts: &[&str]) {
        let began = Instant::now();
        loop {
            let text = self.text();
            let Some(missing) = texts.iter().find(|wanted| !text.contains(**wanted)) else {
                return;
            };
            assert!(began.elapsed() < START_MAX, "no `{missing}` in\n{text}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses keys where the focus is.
    #[track_caller]
    pub fn keys(&self, keys: &str) {
        let presses: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                let key = key.to_string();
                [
                    json!({ "type": "keyDown", "value": key }),
                    json!({ "type": "keyUp", "value": key }),
                ]
            })
            .collect();
        let actions =
            json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": presses }] });
        self.command("POST", "/actions", &actions);
    }

    /// Presses Tab until the focused element says `label`, as its text or `aria-label`.
    #[track_caller]
    pub fn tab_to(&self, label: &str) {
        for _ in 0..100 {
            self.keys(TAB);
            let focused = self.script(
                "const e = document.activeElement; return e.getAttribute('aria-label') || e.innerText || e.id",
            );
            if focused == label {
                return;
            }
        }
        panic!("the keyboard does not reach `{label}`");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let path = format!("/session/{}", self.session);
        let _ = http::try_ask(self.port, "DELETE", &path, &[], "");
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
