//! Who wrote a commit, by all signs.

use firedoor_history::for_tests::{Signs, listed, matches};
use firedoor_history::{Agent, Agents};

fn signs(name: &str, address: &str, message: &str) -> Signs {
    Signs {
        author: (name.to_owned(), address.to_owned()),
        committer: ("GitHub".to_owned(), "noreply@github.com".to_owned()),
        message: message.to_owned(),
    }
}

#[test]
fn agents_are_seen_by_all_their_signs() {
    let agents = Agents::with(&[]);
    for (name, address, message, agent) in [
        (
            "Ada",
            "ada@example.org",
            "x\n\nCo-Authored-By: Claude <noreply@anthropic.com>",
            "claude",
        ),
        (
            "Ada",
            "ada@example.org",
            "x\n\n🤖 Generated with [Claude Code](https://example.org)",
            "claude",
        ),
        (
            "Ada",
            "ada@example.org",
            "x\n\nAssisted-by: Claude Sonnet 4",
            "claude",
        ),
        (
            "copilot-swe-agent[bot]",
            "1+Copilot@users.noreply.github.com",
            "x",
            "copilot",
        ),
        (
            "Ada",
            "a@b.c",
            "x (#1)\n\nCo-authored-by: Cursor <cursoragent@cursor.com>",
            "cursor",
        ),
        (
            "devin-ai-integration[bot]",
            "7+devin-ai-integration[bot]@users.noreply.github.com",
            "x",
            "devin",
        ),
        ("Ada (aider)", "ada@example.org", "x", "aider"),
        ("Ada", "a@b.c", "x\n\nGenerated-by: codex-cli 0.4", "codex"),
        ("google-labs-jules[bot]", "", "x", "jules"),
        ("gemini-code-assist[bot]", "", "x", "gemini"),
    ] {
        assert_eq!(
            agents.of(&signs(name, address, message)),
            [agent],
            "{name} {message}"
        );
    }
}

#[test]
fn people_are_no_agents() {
    let agents = Agents::with(&[]);
    for (name, address, message) in [
        (
            "Claude Durand",
            "claude@example.org",
            "Use the API of Claude Code",
        ),
        ("Jules", "jules@example.org", "x\n\nReviewed-by: Claude"),
        ("Devin", "devin@example.org", "Copilot: fix the cursor"),
    ] {
        assert!(
            agents.of(&signs(name, address, message)).is_empty(),
            "{name}"
        );
    }
}

#[test]
fn the_user_adds_names() {
    let own = Agent {
        name: "kitchen-bot".to_owned(),
        addresses: vec!["*@bots.example.org".to_owned()],
        ..Agent::default()
    };
    let agents = Agents::with(&[own]);
    assert_eq!(
        agents.of(&signs("X", "a@Bots.example.org", "")),
        ["kitchen-bot"]
    );
}

#[test]
fn the_table_can_be_read() {
    let agents = Agents::with(&[]);
    assert!(listed(&agents).len() >= 15);
    assert!(listed(&agents).iter().all(|agent| !agent.is_invisible()));
    assert!(listed(&agents).is_sorted_by(|a, b| a.name < b.name));
}

#[test]
fn a_star_is_any_text() {
    assert!(matches("a*c", "ABC"));
    assert!(matches("*", ""));
    assert!(!matches("a*b*", "xaxb"));
    assert!(!matches("ab*b", "ab"));
    assert!(matches("*a*a*", "baab"));
}
