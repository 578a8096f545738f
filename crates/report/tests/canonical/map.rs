//! The map of the canonical report.

use std::collections::BTreeMap;

use firedoor_app::ownership::Memory;
use firedoor_app::{
    Access, Asset, AssetField, AssetKind, Check, CheckId, CheckKind, Condition, Control, Effect,
    EffectKind, EntryPoint, Field, GuardDefinition, Layer, LayerKind, Map, Mount, Operation,
    Origin, Provenance, Refusal, RequestPart, Symbol, Throttle, TokenKind, Transport, Unresolved,
    Verdict, VerifyToken, build::Builder,
};
use firedoor_source::FileSet;
use ustr::ustr;

use super::span;

pub fn map(files: &FileSet) -> Map {
    let mut builder = Builder::default();
    builder.entry_point(health(files));
    builder.entry_point(list(files));
    builder.entry_point(join(files));
    builder.entry_point(connection(files));
    builder.entry_point(start(files));
    builder.asset(Asset {
        name: ustr("Lobby"),
        kind: AssetKind::Table,
        span: span(files, "src/lobbies.ts", "Lobby.findById"),
        fields: vec![AssetField {
            is_expiry: false,
            name: ustr("players"),
            kind: None,
            refers_to: Some(ustr("User")),
            is_unique: false,
            default: None,
        }],
    });
    builder.guard(GuardDefinition {
        name: ustr("requireAuth"),
        span: span(files, "src/auth.ts", "export function requireAuth"),
        controls: vec![Control::Authentication],
        covers: vec![1, 2],
        mounts: vec![Mount {
            span: span(files, "src/app.ts", "app.use('/api', requireAuth)"),
            path: ustr("/api"),
            covers: 2,
        }],
        is_idle: false,
        imported: vec![],
        file: ustr("src/auth.ts"),
        is_used: true,
        throttle: None,
    });
    builder.guard(GuardDefinition {
        name: ustr("joinLimiter"),
        span: span(files, "src/auth.ts", "joinLimiter = rateLimit"),
        controls: vec![Control::RateLimit],
        covers: vec![],
        mounts: vec![],
        is_idle: false,
        imported: vec![],
        file: ustr("src/auth.ts"),
        is_used: false,
        throttle: Some(throttle()),
    });
    builder.unresolved(Unresolved {
        reason: "dynamic-mount",
        span: span(files, "src/app.ts", "app.use(plugins"),
        detail: String::from("which plugin is mounted depends on the setting PLUGIN"),
    });
    builder.finish()
}

fn throttle() -> Throttle {
    Throttle {
        limit: Some(5),
        window: Some(60),
        key: Provenance::default(),
        skips: firedoor_app::Flag::Default,
        counts_failures_only: false,
    }
}

fn entry(files: &FileSet, method: &str, path: &str, handler: &str, at: (&str, &str)) -> EntryPoint {
    EntryPoint {
        transport: Transport::Http,
        method: ustr(method),
        path: ustr(path),
        message: None,
        app: ustr("src/app.ts"),
        framework: "express",
        handler: Symbol {
            name: ustr(handler),
            span: span(files, at.0, at.1),
        },
        registered: span(files, at.0, at.1),
        registered_if: None,
        group: (0, ustr("app")),
        layers: vec![],
        late: Vec::new(),
        controls: BTreeMap::new(),
        checks: vec![],
        effects: vec![],
        exposed: vec![],
        credentials: vec![],
        unresolved: vec![],
        examined: Vec::new(),
        public_because: None,
        memory: Memory::default(),
    }
}

fn health(files: &FileSet) -> EntryPoint {
    let mut entry = entry(
        files,
        "GET",
        "/health",
        "(anonymous)",
        ("src/app.ts", "app.get('/health'"),
    );
    entry.public_because = Some(String::from("the load balancer asks"));
    entry
}

fn require_auth(files: &FileSet) -> Layer {
    Layer {
        name: ustr("requireAuth"),
        kind: LayerKind::Layer,
        span: span(files, "src/auth.ts", "export function requireAuth"),
        mounted: span(files, "src/app.ts", "app.use('/api', requireAuth)"),
        controls: vec![Control::Authentication],
        verdict: Verdict::Enforced,
        verdicts: vec![(Control::Authentication, Verdict::Enforced)],
        places: vec![],
        throttle: None,
        fails_open: None,
    }
}

fn json(files: &FileSet) -> Layer {
    Layer {
        name: ustr("express.json"),
        kind: LayerKind::Layer,
        span: span(files, "src/app.ts", "express.json()"),
        mounted: span(files, "src/app.ts", "app.use(express.json())"),
        controls: vec![],
        verdict: Verdict::Absent,
        verdicts: vec![],
        places: vec![],
        throttle: None,
        fails_open: None,
    }
}

fn list(files: &FileSet) -> EntryPoint {
    let mut entry = entry(
        files,
        "GET",
        "/api/lobbies",
        "listLobbies",
        ("src/lobbies.ts", "lobbies.get('/', listLobbies)"),
    );
    entry.group = (1, ustr("lobbies"));
    entry.layers = vec![json(files), require_auth(files)];
    entry.controls = [
        (Control::Authentication, Verdict::Enforced),
        (
            Control::RateLimit,
            Verdict::Conditional(String::from("NODE_ENV is \"production\"")),
        ),
    ]
    .into();
    entry
}

fn join(files: &FileSet) -> EntryPoint {
    let at = |text: &str| span(files, "src/lobbies.ts", text);
    let mut entry = entry(
        files,
        "POST",
        "/api/lobbies/{id}/join",
        "joinLobby",
        ("src/lobbies.ts", "async function joinLobby"),
    );
    entry.registered = at("lobbies.post('/:id/join'");
    entry.group = (1, ustr("lobbies"));
    entry.layers = vec![
        json(files),
        require_auth(files),
        Layer {
            name: ustr("check of lobby"),
            kind: LayerKind::Inline,
            span: at("if (!lobby)"),
            mounted: at("if (!lobby)"),
            controls: vec![Control::Validation],
            verdict: Verdict::Enforced,
            verdicts: vec![(Control::Validation, Verdict::Enforced)],
            places: vec![],
            throttle: None,
            fails_open: None,
        },
    ];
    entry.controls = [
        (Control::Authentication, Verdict::Enforced),
        (Control::Authorization, Verdict::Absent),
        (
            Control::Ownership,
            Verdict::Unknown(String::from("the plugin at src/app.ts:9 may check it")),
        ),
        (Control::Validation, Verdict::Enforced),
    ]
    .into();
    entry.credentials = vec![Origin::Request(RequestPart::Cookie, ustr("token"))];
    entry.checks = vec![token_check(files), lobby_check(files), setting_check(files)];
    entry.effects = join_effects(files);
    entry.unresolved = vec![String::from(
        "a plugin that is chosen at run time may add a layer (src/app.ts:9)",
    )];
    entry
}

fn token_check(files: &FileSet) -> Check {
    Check {
        kind: CheckKind::Proof,
        span: span(files, "src/auth.ts", "jwt.verify"),
        operands: vec![
            Provenance::new([Origin::Request(RequestPart::Cookie, ustr("token"))]),
            secret(),
        ],
        control: Provenance::default(),
        order: None,
        outcome: true,
        side: true,
        ends: false,
        is_loose_edge: false,
        is_alternative: false,
        alternatives: Vec::new(),
        condition: std::sync::Arc::new(Condition::All(Vec::new())),
        refusal: Some(Refusal::Status(401)),
        union: firedoor_app::Union::default(),
    }
}

/// A check of the program's start, which people are not told of.
fn setting_check(files: &FileSet) -> Check {
    Check {
        kind: CheckKind::Presence,
        operands: vec![secret()],
        refusal: Some(Refusal::Throw(None)),
        ..token_check(files)
    }
}

fn secret() -> Provenance {
    Provenance::new([Origin::Environment {
        name: ustr("JWT_SECRET"),
        fallback: Some(ustr("changeme")),
    }])
}

fn lobby_check(files: &FileSet) -> Check {
    Check {
        kind: CheckKind::Presence,
        span: span(files, "src/lobbies.ts", "if (!lobby)"),
        operands: vec![Provenance::new([Origin::Record {
            asset: ustr("Lobby"),
            field: ustr(""),
            of_principal: false,
        }])],
        control: Provenance::default(),
        order: None,
        outcome: true,
        side: true,
        ends: false,
        is_loose_edge: false,
        is_alternative: false,
        alternatives: Vec::new(),
        condition: std::sync::Arc::new(Condition::All(Vec::new())),
        refusal: Some(Refusal::Status(404)),
        union: firedoor_app::Union::default(),
    }
}

fn join_effects(files: &FileSet) -> Vec<Effect> {
    let id = Field {
        name: ustr("id"),
        value: Provenance::new([Origin::Request(RequestPart::Path, ustr("id"))]),
        operator: "=",
    };
    let verify = EffectKind::Verify(VerifyToken {
        kind: TokenKind::Jwt,
        token: Provenance::new([Origin::Request(RequestPart::Cookie, ustr("token"))]),
        secret: secret(),
        algorithms: None,
        algorithms_from_token: false,
        algorithms_safe_by_default: true,
        is_verified: true,
        takes_empty_key: false,
        ignores_expiry: false,
        requires: vec![],
    });
    let write = EffectKind::Access(Access {
        values: vec![Field {
            name: ustr("players"),
            value: Provenance::new([Origin::Request(RequestPart::Body, ustr("player"))]),
            operator: "+=",
        }],
        ..access(Operation::Update, vec![id.clone()])
    });
    let respond = EffectKind::Respond {
        status: None,
        body: vec![Field {
            name: ustr(""),
            value: Provenance::new([Origin::Record {
                asset: ustr("Lobby"),
                field: ustr(""),
                of_principal: false,
            }]),
            operator: "=",
        }],
        is_error: false,
    };
    let read = EffectKind::Access(access(Operation::Read, vec![id]));
    let place = |path, text| span(files, path, text);
    [
        (
            verify,
            place("src/auth.ts", "jwt.verify"),
            "requireAuth",
            0,
            Some(1),
        ),
        (
            read,
            place("src/lobbies.ts", "Lobby.findById"),
            "joinLobby",
            1,
            None,
        ),
        (
            write,
            place("src/lobbies.ts", "lobby.save()"),
            "joinLobby",
            2,
            None,
        ),
        (
            respond,
            place("src/lobbies.ts", "response.json"),
            "joinLobby",
            3,
            None,
        ),
    ]
    .into_iter()
    .map(|(kind, span, function, checks, layer)| Effect {
        kind,
        span,
        function: ustr(function),
        checks: (0..checks).map(CheckId).collect(),
        layer,
    })
    .collect()
}

fn access(operation: Operation, key: Vec<Field>) -> Access {
    Access {
        operation,
        asset: ustr("Lobby"),
        key,
        values: vec![],
        spread: vec![],
        is_many: false,
        is_conditional: false,
        is_in_transaction: false,
        is_unlocked: false,
    }
}

fn connection(files: &FileSet) -> EntryPoint {
    let mut entry = entry(
        files,
        "WS",
        "/ws",
        "(anonymous)",
        ("src/socket.ts", "server.on('connection'"),
    );
    entry.transport = Transport::WebSocket;
    entry.app = ustr("src/socket.ts");
    entry.framework = "ws";
    entry.group = (2, ustr("server"));
    entry
}

fn start(files: &FileSet) -> EntryPoint {
    let mut entry = connection(files);
    entry.message = Some(ustr("start\u{1b}[31m"));
    entry.handler.span = span(files, "src/socket.ts", "socket.on('message'");
    entry.effects = vec![Effect {
        kind: EffectKind::Access(access(Operation::Update, vec![])),
        span: span(files, "src/socket.ts", "lobbies.get(message.lobby).start()"),
        function: ustr("(anonymous)"),
        checks: vec![],
        layer: None,
    }];
    entry.exposed = entry.effects.clone();
    entry
}
