//! Application factories: functions that make an application and that only a server calls
//! (`uvicorn --factory`, `flask --app module:create_app`, tests).

use firedoor_eval::{Arguments, Machine, ModuleId, ObjectKind, Value};
use firedoor_ir::{ExpressionKind, ParameterKind};
use ustr::Ustr;

/// What makes an application of a framework.
const CONSTRUCTORS: [&str; 3] = [
    "py:fastapi.FastAPI",
    "py:starlette.applications.Starlette",
    "py:flask.Flask",
];

/// Calls every function at the top level of a module that makes an application, takes nothing that it needs
/// and was called by nobody.
pub fn run_factories(machine: &mut Machine<'_>) {
    let modules: Vec<ModuleId> = machine.program.iter().map(|(id, _)| id).collect();
    for module in modules {
        let variables = machine.module_variables(module);
        for (_, value) in &variables {
            if is_factory(machine, module, value, &variables) {
                machine.start();
                let span = machine.place();
                let _ = machine.catching(|machine| {
                    machine.call_value(value, None, &Arguments::default(), span)
                });
                machine.decided.clear();
            }
        }
    }
}

fn is_factory(
    machine: &Machine<'_>,
    module: ModuleId,
    value: &Value,
    variables: &[(Ustr, Value)],
) -> bool {
    let Some(id) = value.only_object() else {
        return false;
    };
    let ObjectKind::Function { closure, .. } = machine.heap.get(id).kind else {
        return false;
    };
    let key = (closure.module, closure.function);
    if closure.module != module || machine.called.contains_key(&key) {
        return false;
    }
    let function = machine.function_of(closure);
    let takes_nothing = function.parameters.iter().all(|parameter| {
        parameter.default.is_some()
            || matches!(
                parameter.kind,
                ParameterKind::Rest | ParameterKind::KeywordRest
            )
    });
    takes_nothing
        && machine
            .program
            .module(module)
            .expressions
            .iter()
            .any(|expression| {
                function.span.contains(expression.span)
                    && matches!(&expression.kind, ExpressionKind::Call { callee, .. }
                    if is_constructor(machine, module, *callee, variables))
            })
}

/// Holds if the callee is a name, or a member of a name, that stands for a constructor.
fn is_constructor(
    machine: &Machine<'_>,
    module: ModuleId,
    callee: firedoor_ir::ExpressionId,
    variables: &[(Ustr, Value)],
) -> bool {
    let path_of = |name: Ustr| {
        let (_, value) = variables.iter().find(|(found, _)| *found == name)?;
        value.as_outside()
    };
    let ir = machine.program.module(module);
    let path = match &ir.expression(callee).kind {
        ExpressionKind::Name(name) => path_of(*name),
        ExpressionKind::Member {
            object, property, ..
        } => match &ir.expression(*object).kind {
            ExpressionKind::Name(name) => {
                path_of(*name).map(|path| Ustr::from(&format!("{path}.{property}")))
            }
            _ => None,
        },
        _ => None,
    };
    path.is_some_and(|path| CONSTRUCTORS.contains(&path.as_str()))
}
