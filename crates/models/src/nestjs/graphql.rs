//! Resolvers of `@nestjs/graphql`: each field of `Query`, `Mutation` and `Subscription` is an entry point.
//!
//! Guards, interceptors and pipes of the whole application, of the class and of the method run for these fields, not
//! for fields of other types (`fieldResolverEnhancers` is empty by default), which are run within such a field. The
//! layers of Express stand before queries and mutations; subscriptions come over a WebSocket of their own. A guard
//! that takes the request from `switchToHttp()` gets nothing. Source: @nestjs/graphql 13.1 (`decorators/`,
//! `services/gql-execution-context.ts`, `utils/merge-defaults.util.ts`), and `oracle/nestjs/apps/graphql-*`.

use firedoor_app::{Origin, RequestPart, Transport};
use firedoor_eval::{Answer, Arguments, Call, Machine, ObjectId, Shape, Stop, Value};
use firedoor_source::Span;
use ustr::Ustr;

use super::decorators::KIND;
use super::doors::{Around, Placed, before, door, methods, step as make_step};
use super::inject::provided_classes;
use super::paths;
use crate::state::Router;
use crate::tools::{keep, kept, last_part, option};
use crate::{Door, ModelHost, Step};

/// The types whose fields a client names, and the decorators that say so.
const ROOTS: [(&str, &str); 3] = [
    ("Query", "$gql:Query"),
    ("Mutation", "$gql:Mutation"),
    ("Subscription", "$gql:Subscription"),
];

/// The role of the step that makes the context.
pub(super) const CONTEXT: &str = "query-context";

/// The decorators that matter; the others describe types.
const DECORATORS: [&str; 11] = [
    "Query",
    "Mutation",
    "Subscription",
    "Resolver",
    "ResolveField",
    "ResolveProperty",
    "Args",
    "Context",
    "Parent",
    "Root",
    "Info",
];

/// A decorator of `@nestjs/graphql`; `Query` has another meaning than that of `@nestjs/common`.
pub(super) fn make(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let name = last_part(&call.path);
    if !DECORATORS.contains(&name) {
        return Ok(None);
    }
    let id = host.make_object(machine, "nest:decorator", call.span);
    keep(machine, id, KIND, Value::string(&format!("gql:{name}")));
    machine.heap.get_mut(id).elements = call.arguments.positional.clone();
    Ok(Some(Value::object(id)))
}

/// `GraphQLModule.forRoot(options)` and `forRootAsync`.
pub(super) fn module(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    host.state().nestjs.queries = Some(call.arguments.get(0));
    let id = host.make_object(machine, "nest:graphql-module", call.span);
    Ok(Some(Value::object(id)))
}

/// Replaces options that a function makes by those, once what it asks for can be injected.
fn settle_options(host: &ModelHost, machine: &mut Machine<'_>, span: Span, module: usize) {
    let Some(given) = host.state().nestjs.queries.clone() else {
        return;
    };
    let Some(factory) = option(machine, &given, "useFactory", span) else {
        return;
    };
    let inject = option(machine, &given, "inject", span);
    let tokens = inject.map_or_else(Vec::new, |list| machine.elements_of(&list).0);
    let mut injected = Vec::with_capacity(tokens.len());
    for token in &tokens {
        injected.push(super::inject::by_token(host, machine, token, module));
    }
    let (made, _) = machine.catching(|machine| {
        let arguments = Arguments::positional(injected);
        let made = machine.call_value(&factory, None, &arguments, span)?;
        machine.await_value(&made, span)
    });
    host.state().nestjs.queries = made.ok();
}

/// `GqlExecutionContext.create(context)` has another way to the request.
pub(super) fn of_context(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let id = host.make_object(machine, "nest:query-context", call.span);
    keep(machine, id, "$context", call.arguments.get(0));
    Ok(Some(Value::object(id)))
}

/// A method of a `GqlExecutionContext`.
pub(super) fn method(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let context = kept(machine, call.receiver, "$context");
    let of_request = |name: &str| kept(machine, context.only_object(), name);
    let value = match last_part(&call.path) {
        // The arguments of a route are three, and the third of what is made of them is its answer, which knows the
        // request. Source: `utils/normalize-resolver-args.js` of @nestjs/graphql 13.4.
        "getContext" => match of_request("$query") {
            query if query.is_nothing() => {
                let request = of_request("$request");
                crate::tokens::plain(machine, &[("req", request)], call.span)
            }
            query => query,
        },
        "getArgs" => host.request_value(machine, RequestPart::Body, ""),
        "getRoot" => Value::undefined(),
        "getInfo" => Value::unknown(Shape::Object),
        name => {
            return machine
                .call_member(&context, Ustr::from(name), call.arguments, call.span)
                .map(Some);
        }
    };
    Ok(Some(value))
}

/// Makes what resolvers are given as context: the request, to which the options of the module may add.
pub(super) fn context(machine: &mut Machine<'_>, door: &Door, shared: &[Value]) -> Value {
    let parts = ["req", "res"].into_iter().zip(shared.iter().cloned());
    let parts: Vec<(&str, Value)> = parts.collect();
    crate::tokens::plain(machine, &parts, door.registered)
}

/// Runs the function of the options that makes the context; what it throws refuses the query.
pub(super) fn run_context(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    step: &Step,
    context: &Value,
) -> Result<(), Stop> {
    let query = kept(machine, context.only_object(), "$query");
    let arguments = Arguments::positional([query.clone()]);
    let made = machine.call_value(&step.value, None, &arguments, step.span)?;
    let made = machine.await_value(&made, step.span)?;
    if let Some(id) = query.only_object() {
        for part in made.objects() {
            crate::store::assign_into(machine, id, &Value::object(part));
        }
        name_missing(host, machine, id);
    }
    crate::express::go_on(host, machine, step.mounted);
    Ok(())
}

/// What is not there for this query is still what an earlier step attaches to queries.
fn name_missing(host: &ModelHost, machine: &mut Machine<'_>, query: ObjectId) {
    let properties = machine.heap.get(query).properties.clone();
    for (name, value) in properties {
        if value.is_nothing() && value.origins.is_empty() {
            let origin = Origin::Request(RequestPart::Context, name);
            let value = value.with_origins(host.origin(machine, origin));
            machine.heap.set_property(query, name, value);
        }
    }
}

/// Lists the fields of all resolvers.
pub(super) fn doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    app: &Router,
    modules: &[usize],
    doors: &mut Vec<Door>,
) {
    settle_options(
        host,
        machine,
        app.span,
        modules.first().copied().unwrap_or(0),
    );
    for (class, module) in provided_classes(host) {
        if !modules.contains(&module) {
            continue;
        }
        let place = Placed {
            app,
            modules,
            module,
            module_class: None,
            class,
        };
        class_doors(host, machine, &place, doors);
    }
}

fn class_doors(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    place: &Placed<'_>,
    doors: &mut Vec<Door>,
) {
    for function in methods(machine, place.class) {
        for (root, key) in ROOTS {
            let found = super::metadata::get(host, machine, function, Ustr::from(key));
            let Some(given) = found.map(|list| machine.elements_of(&list).0) else {
                continue;
            };
            let name = field_name(machine, function, &given);
            doors.push(field_door(host, machine, place, function, root, &name));
        }
    }
}

/// The name of a field: the one that is given, or that of the method.
fn field_name(machine: &mut Machine<'_>, function: ObjectId, given: &[Value]) -> String {
    let span = machine.heap.get(function).span;
    let named = given.iter().find_map(|given| {
        let is_function = crate::tools::is_function(machine, given);
        given.text().or_else(|| {
            let name = (!is_function).then(|| option(machine, given, "name", span));
            name.flatten()?.text()
        })
    });
    let own = || machine.heap.get(function).name;
    named
        .or_else(own)
        .map_or_else(String::new, |name| name.to_string())
}

fn field_door(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    place: &Placed<'_>,
    function: ObjectId,
    root: &str,
    name: &str,
) -> Door {
    let span = machine.heap.get(function).span;
    let mut steps = Vec::new();
    if root != "Subscription" {
        let path = path_of(host, machine, place);
        let shape = paths::shape(machine, place.app);
        let served = paths::Served {
            full: path.clone(),
            declared: String::new(),
            version: String::new(),
            method: Ustr::from("POST"),
            is_outside: false,
        };
        steps = before(host, machine, place, &shape, &served);
    }
    let options = host.state().nestjs.queries.clone();
    let context = options.and_then(|options| option(machine, &options, "context", span));
    if let Some(context) = context.filter(|own| crate::tools::is_function(machine, own)) {
        steps.push(make_step(machine, &context, CONTEXT, place.app.span));
    }
    let around = Around::global(host, machine, place)
        .with(host, machine, place, place.class)
        .with(host, machine, place, function);
    let path = format!("{root}.{name}");
    let reached = (Transport::GraphQl, Ustr::from("GRAPHQL"), path.as_str());
    door(machine, place, function, reached, steps, &around)
}

/// Where queries are sent to: `/graphql`, without the prefix of the application unless that is asked for.
fn path_of(host: &ModelHost, machine: &mut Machine<'_>, place: &Placed<'_>) -> String {
    let span = place.app.span;
    let options = host.state().nestjs.queries.clone();
    let given = |machine: &mut Machine<'_>, name: &str| {
        options
            .as_ref()
            .and_then(|options| option(machine, options, name, span))
    };
    let own = given(machine, "path").map(|path| paths::path_text(&path));
    let own = crate::doors::join_paths("/", own.as_deref().unwrap_or("graphql"));
    let is_prefixed = given(machine, "useGlobalPrefix").and_then(|flag| flag.truth());
    match is_prefixed {
        Some(true) => {
            let shape = paths::shape(machine, place.app);
            paths::prefixed(&shape, &own)
        }
        _ => own,
    }
}

/// What a parameter without a decorator gets, by its position: the parent, the arguments, the context, and the query.
pub(super) fn by_position(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    position: usize,
    query: &Value,
) -> Value {
    match position {
        0 => Value::undefined(),
        1 => host.request_value(machine, RequestPart::Body, ""),
        2 => query.clone(),
        _ => Value::unknown(Shape::Object),
    }
}
