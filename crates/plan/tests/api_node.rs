//! Trees of JSON and YAML, hostile ones too.

use firedoor_plan::for_tests::Node;

#[test]
fn both_notations_are_read() {
    let json = Node::read("{\"a\": {\"200\": [1, true, null]}}").unwrap();
    let yaml = Node::read("a:\n  200: [1, true, null]\n").unwrap();
    assert_eq!(json, yaml);
    assert_eq!(json.at("#/a/200").map(|node| node.items().len()), Some(3));
}

#[test]
fn what_is_hostile_is_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let former = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{former}]\n"));
    }
    assert!(Node::read(&bomb).is_err());
    assert!(Node::read(&"[".repeat(100_000)).is_err());
    assert!(Node::read(&"- ".repeat(100_000)).is_err());
    assert!(Node::read("a: [").is_err());
    assert!(Node::read("a: \0\n").is_err());
    assert!(Node::read("").is_err() || Node::read("") == Ok(Node::Null));
    assert!(Node::read("a: &a\n  b: *a\n").is_err());
}
