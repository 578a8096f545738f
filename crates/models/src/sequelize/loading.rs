//! Models of which each is a file of its own, as the programs of Sequelize's own template load them.

use firedoor_eval::{Answer, Arguments, Call, Machine, Value};

use crate::ModelHost;
use crate::store::{is_function, property};

/// `sequelize.import('./user')`, until 5: the module gives a function that defines a model.
pub(super) fn imported(_host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let given = [call.arguments.get(1), call.arguments.get(0)];
    let mut definition = match given.iter().find(|value| is_function(machine, value)) {
        Some(function) => function.clone(),
        None => machine.require(&call.arguments.get(0))?,
    };
    if !is_function(machine, &definition)
        && let Some(default) = property(machine, &definition, "default")
    {
        definition = default;
    }
    if !is_function(machine, &definition) {
        return Ok(None);
    }
    let kinds = Value::outside("npm:sequelize.DataTypes");
    let arguments = Arguments::positional([call.this.clone(), kinds]);
    let model = machine.call_value(&definition, None, &arguments, call.span)?;
    Ok(Some(model))
}
