//! The findings of the canonical report: one with evidence in two files, one allowed, one unsure.

use firedoor_analysis::ReportedFinding;
use firedoor_rules::{Confidence, Evidence, Finding, Rule, Severity};
use firedoor_source::FileSet;

use super::span;

static SOCKET: Rule = Rule {
    id: "websocket-unauthenticated",
    class: "websocket-auth",
    summary: "A WebSocket reaches what HTTP guards, without asking who is there",
    severity: Severity::High,
    cwe: &["CWE-306"],
    remediation: "Verify the session or token during the upgrade, and close the connection where it is missing.",
    page: "# websocket-unauthenticated\n\nThe HTTP side asks who is there and the WebSocket does not.\n",
    check: |_, _| {},
};

static FALLBACK: Rule = Rule {
    id: "jwt-secret-fallback",
    class: "jwt",
    summary: "Tokens are signed with a constant where a setting is missing",
    severity: Severity::Critical,
    cwe: &["CWE-798", "CWE-1392"],
    remediation: "Refuse to start without the setting.",
    page: "# jwt-secret-fallback\n\nA constant in the source is no secret.\n",
    check: |_, _| {},
};

static LIMITER: Rule = Rule {
    id: "unmounted-guard",
    class: "guard-not-wired",
    summary: "A guard is defined and covers no entry point",
    severity: Severity::Medium,
    cwe: &["CWE-862"],
    remediation: "Mount it where it was meant to stand, or remove it.",
    page: "# unmounted-guard\n\nA guard that nobody passes guards nothing.\n",
    check: |_, _| {},
};

pub static RULES: &[&Rule] = &[&FALLBACK, &LIMITER, &SOCKET];

pub fn findings(files: &FileSet) -> Vec<ReportedFinding> {
    vec![
        reported(fallback(files), "5d0b6c2f9a7e4413", None),
        reported(socket(files), "9c41d7aa03e2f6b8", None),
        reported(
            limiter(files),
            "e7712f40c9d3b5a6",
            Some("mounted by the gateway"),
        ),
        reported(
            Finding {
                confidence: Confidence::Low,
                ..limiter(files)
            },
            "00aa11bb22cc33dd",
            None,
        ),
    ]
}

fn reported(finding: Finding, fingerprint: &str, suppressed: Option<&str>) -> ReportedFinding {
    ReportedFinding {
        finding,
        fingerprint: fingerprint.to_owned(),
        suppressed: suppressed.map(str::to_owned),
        judged: None,
        in_baseline: false,
    }
}

fn fallback(files: &FileSet) -> Finding {
    let place = span(files, "src/auth.ts", "process.env.JWT_SECRET || 'changeme'");
    Finding {
        rule: &FALLBACK,
        severity: Severity::Critical,
        confidence: Confidence::High,
        title: String::from("Anybody can sign tokens where JWT_SECRET is not set"),
        message: String::from(
            "Without the setting, the key is the constant \"changeme\", which everybody who reads the source knows.",
        ),
        entry_point: None,
        span: place,
        evidence: vec![Evidence {
            role: "here",
            span: place,
            message: String::from("the fallback"),
        }],
        symbol: String::from("requireAuth"),
    }
}

fn socket(files: &FileSet) -> Finding {
    Finding {
        rule: &SOCKET,
        severity: Severity::High,
        confidence: Confidence::High,
        title: String::from("Anybody can start a race over WS /ws"),
        message: String::from(
            "The connection is taken without a credential and its messages change Lobby, which the HTTP entry points guard with requireAuth.",
        ),
        entry_point: Some(String::from("WS /ws#start\u{1b}[31m")),
        span: span(
            files,
            "src/socket.ts",
            "server.on('connection', (socket) => {\n  socket.on",
        ),
        evidence: vec![
            Evidence {
                role: "effect",
                span: span(
                    files,
                    "src/socket.ts",
                    "JSON.parse(data); // \u{1b}[2J\u{202e}\n    lobbies.get(message.lobby).start()",
                ),
                message: String::from("the message chooses the lobby"),
            },
            Evidence {
                role: "compared-with",
                span: span(files, "src/app.ts", "app.use('/api', requireAuth)"),
                message: String::from("HTTP is guarded here"),
            },
        ],
        symbol: String::from("WS /ws#start"),
    }
}

fn limiter(files: &FileSet) -> Finding {
    let place = span(files, "src/auth.ts", "joinLimiter = rateLimit");
    Finding {
        rule: &LIMITER,
        severity: Severity::Medium,
        confidence: Confidence::Medium,
        title: String::from("joinLimiter is never mounted"),
        message: String::from("It counts attempts (5 per minute) for no entry point."),
        entry_point: None,
        span: place,
        evidence: vec![Evidence {
            role: "here",
            span: place,
            message: String::from("joinLimiter is never mounted"),
        }],
        symbol: String::from("joinLimiter"),
    }
}
