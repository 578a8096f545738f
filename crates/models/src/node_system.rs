//! Files of the server and programs that it runs, in Node: `node:fs`, `node:child_process` and what is used in their
//! place, and objects in a store.
//!
//! What a call returns is what it would return without this model. Source: the documentation of Node 22
//! (<https://nodejs.org/api/fs.html>, <https://nodejs.org/api/child_process.html>), fs-extra 11, execa 9, node-pty 1,
//! dockerode 4, ssh2 1.16, simple-git 3, the AWS SDK 3.

use firedoor_app::{EffectKind, FileOperation, Provenance};
use firedoor_eval::{Answer, Call, Machine, Value};

use crate::tools::option;
use crate::{Model, ModelHost, unknown_wrappers};

/// The model.
pub static MODEL: Model = Model {
    name: "node_system",
    calls: &[
        ("node:fs.writeFile", write),
        ("node:fs.appendFile", write),
        ("node:fs.truncate", write),
        ("node:fs/promises.writeFile", write),
        ("node:fs/promises.appendFile", write),
        ("node:fs/promises.truncate", write),
        ("node:fs.writeFileSync", write),
        ("node:fs.appendFileSync", write),
        ("node:fs.createWriteStream", write),
        ("node:fs.truncateSync", write),
        ("node:fs.outputFile", write),
        ("node:fs.outputFileSync", write),
        ("node:fs.outputJson", write),
        ("node:fs.outputJSON", write),
        ("node:fs.writeJson", write),
        ("node:fs.writeJSON", write),
        ("node:fs.rename", write_to),
        ("node:fs.copyFile", write_to),
        ("node:fs.cp", write_to),
        ("node:fs/promises.rename", write_to),
        ("node:fs/promises.copyFile", write_to),
        ("node:fs/promises.cp", write_to),
        ("node:fs.renameSync", write_to),
        ("node:fs.copyFileSync", write_to),
        ("node:fs.cpSync", write_to),
        ("node:fs.move", write_to),
        ("node:fs.moveSync", write_to),
        ("node:fs.copy", write_to),
        ("node:fs.copySync", write_to),
        ("node:fs.unlink", delete),
        ("node:fs.rm", delete),
        ("node:fs.rmdir", delete),
        ("node:fs/promises.unlink", delete),
        ("node:fs/promises.rm", delete),
        ("node:fs/promises.rmdir", delete),
        ("node:fs.unlinkSync", delete),
        ("node:fs.rmSync", delete),
        ("node:fs.rmdirSync", delete),
        ("node:fs.remove", delete),
        ("node:fs.removeSync", delete),
        ("node:fs.emptyDir", delete),
        ("node:fs.emptyDirSync", delete),
        ("npm:rimraf", delete),
        ("npm:rimraf.rimraf", delete),
        ("npm:rimraf.sync", delete),
        ("npm:rimraf.rimrafSync", delete),
        ("npm:@aws-sdk/client-s3.PutObjectCommand", write_object),
        ("npm:@aws-sdk/client-s3.DeleteObjectCommand", delete_object),
        ("node:child_process.exec", run),
        ("node:child_process.execSync", run),
        ("node:child_process.execFile", run),
        ("node:child_process.execFileSync", run),
        ("node:child_process.spawn", run),
        ("node:child_process.spawnSync", run),
        ("node:child_process.fork", run),
        ("npm:execa", run),
        ("npm:execa.execa", run),
        ("npm:execa.execaSync", run),
        ("npm:execa.execaCommand", run),
        ("npm:execa.execaCommandSync", run),
        ("npm:cross-spawn", run),
        ("npm:cross-spawn.sync", run),
        ("npm:cross-spawn.spawn", run),
        ("npm:shelljs.exec", run),
        ("npm:node-pty.spawn", run),
        ("npm:ssh2.Client().exec", run),
        ("npm:ssh2.Client().shell", run),
        ("npm:dockerode().createContainer", run),
        ("npm:dockerode().run", run),
        ("npm:dockerode().pull", run),
        ("npm:dockerode().buildImage", run),
        ("npm:dockerode().getContainer().start", run),
        ("npm:dockerode().getContainer().stop", run),
        ("npm:dockerode().getContainer().restart", run),
        ("npm:dockerode().getContainer().kill", run),
        ("npm:dockerode().getContainer().pause", run),
        ("npm:dockerode().getContainer().unpause", run),
        ("npm:dockerode().getContainer().remove", run),
        ("npm:dockerode().getContainer().update", run),
        ("npm:dockerode().getContainer().exec", run),
        ("npm:simple-git().add", run),
        ("npm:simple-git().checkout", run),
        ("npm:simple-git().clone", run),
        ("npm:simple-git().commit", run),
        ("npm:simple-git().fetch", run),
        ("npm:simple-git().merge", run),
        ("npm:simple-git().pull", run),
        ("npm:simple-git().push", run),
        ("npm:simple-git().raw", run),
        ("npm:simple-git().rebase", run),
        ("npm:simple-git().reset", run),
        ("npm:simple-git.simpleGit().add", run),
        ("npm:simple-git.simpleGit().checkout", run),
        ("npm:simple-git.simpleGit().clone", run),
        ("npm:simple-git.simpleGit().commit", run),
        ("npm:simple-git.simpleGit().fetch", run),
        ("npm:simple-git.simpleGit().merge", run),
        ("npm:simple-git.simpleGit().pull", run),
        ("npm:simple-git.simpleGit().push", run),
        ("npm:simple-git.simpleGit().raw", run),
        ("npm:simple-git.simpleGit().rebase", run),
        ("npm:simple-git.simpleGit().reset", run),
    ],
    aliases: &[("npm:fs-extra", "node:fs"), ("npm:graceful-fs", "node:fs")],
    ..Model::EMPTY
};

fn as_before(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    unknown_wrappers::call(host, machine, call.path, call)
}

fn file(
    host: &ModelHost,
    machine: &mut Machine<'_>,
    call: &Call<'_>,
    operation: FileOperation,
    path: &Value,
) -> Answer {
    let path = host.deep_provenance(machine, path);
    host.effect(machine, EffectKind::File(operation, path), call.span);
    as_before(host, machine, call)
}

fn write(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(
        host,
        machine,
        call,
        FileOperation::Write,
        &call.arguments.get(0),
    )
}

/// `rename(from, to)`.
fn write_to(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(
        host,
        machine,
        call,
        FileOperation::Write,
        &call.arguments.get(1),
    )
}

fn delete(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(
        host,
        machine,
        call,
        FileOperation::Delete,
        &call.arguments.get(0),
    )
}

fn write_object(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = option(machine, &call.arguments.get(0), "Key", call.span);
    file(
        host,
        machine,
        call,
        FileOperation::Write,
        &key.unwrap_or_else(Value::undefined),
    )
}

fn delete_object(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    let key = option(machine, &call.arguments.get(0), "Key", call.span);
    file(
        host,
        machine,
        call,
        FileOperation::Delete,
        &key.unwrap_or_else(Value::undefined),
    )
}

fn run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    note_run(host, machine, call);
    as_before(host, machine, call)
}

/// Notes that a program runs: its command, its folder, its input, and what it is called on, such as a container.
pub(crate) fn note_run(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) {
    let values: Vec<Value> = std::iter::once(&call.this)
        .chain(call.arguments.all())
        .cloned()
        .collect();
    let mut command = Provenance::default();
    for value in &values {
        command = command.union(&host.deep_provenance(machine, value));
    }
    host.effect(machine, EffectKind::Run(command), call.span);
}
