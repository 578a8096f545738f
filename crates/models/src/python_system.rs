//! Files of the server and programs that it runs, in Python: `os`, `shutil`, `pathlib`, `subprocess`, `asyncio` and what
//! is used in their place, and objects in a store.
//!
//! What a call returns is what it would return without this model. Source: the library reference of Python 3.13
//! (`os`, `shutil`, `pathlib`, `subprocess`, `asyncio`), aiofiles 24, docker 7, paramiko 3, boto3 1.35.

use firedoor_app::FileOperation;
use firedoor_eval::{Answer, Call, Machine, Value};

use crate::python_support::argument;
use crate::system::{as_before, file, run};
use crate::{Model, ModelHost};

/// The model.
pub static MODEL: Model = Model {
    name: "python_system",
    calls: &[
        ("py:builtins.open", open),
        ("py:io.open", open),
        ("py:aiofiles.open", open),
        ("py:os.remove", delete),
        ("py:os.unlink", delete),
        ("py:os.rmdir", delete),
        ("py:os.removedirs", delete),
        ("py:aiofiles.os.remove", delete),
        ("py:aiofiles.os.unlink", delete),
        ("py:aiofiles.os.rmdir", delete),
        ("py:shutil.rmtree", delete),
        ("py:os.rename", write_to),
        ("py:os.replace", write_to),
        ("py:os.renames", write_to),
        ("py:shutil.move", write_to),
        ("py:shutil.copy", write_to),
        ("py:shutil.copy2", write_to),
        ("py:shutil.copyfile", write_to),
        ("py:shutil.copytree", write_to),
        ("py:pathlib.Path().unlink", delete_this),
        ("py:pathlib.Path().rmdir", delete_this),
        ("py:pathlib.Path().write_text", write_this),
        ("py:pathlib.Path().write_bytes", write_this),
        ("py:pathlib.Path().rename", write),
        ("py:pathlib.Path().replace", write),
        ("py:pathlib.Path().open", open_this),
        ("py:boto3.client().put_object", write_object),
        ("py:boto3.client().delete_object", delete_object),
        ("py:subprocess.run", run),
        ("py:subprocess.call", run),
        ("py:subprocess.check_call", run),
        ("py:subprocess.check_output", run),
        ("py:subprocess.Popen", run),
        ("py:subprocess.getoutput", run),
        ("py:subprocess.getstatusoutput", run),
        ("py:asyncio.create_subprocess_exec", run),
        ("py:asyncio.create_subprocess_shell", run),
        ("py:os.system", run),
        ("py:os.popen", run),
        ("py:os.execv", run),
        ("py:os.execvp", run),
        ("py:os.spawnv", run),
        ("py:os.spawnl", run),
        ("py:builtins.exec", run),
        ("py:builtins.eval", run),
        ("py:paramiko.SSHClient().exec_command", run),
        ("py:docker.from_env().containers.run", run),
        ("py:docker.from_env().containers.create", run),
        ("py:docker.from_env().containers.get().start", run),
        ("py:docker.from_env().containers.get().stop", run),
        ("py:docker.from_env().containers.get().restart", run),
        ("py:docker.from_env().containers.get().kill", run),
        ("py:docker.from_env().containers.get().pause", run),
        ("py:docker.from_env().containers.get().unpause", run),
        ("py:docker.from_env().containers.get().remove", run),
        ("py:docker.from_env().containers.get().update", run),
        ("py:docker.from_env().containers.get().exec_run", run),
    ],
    aliases: &[("py:docker.DockerClient()", "py:docker.from_env()")],
    ..Model::EMPTY
};

/// Holds if a file that is opened so is written: `"w"`, `"ab"`, `"r+"`.
fn is_written(mode: &Value) -> bool {
    mode.text()
        .is_some_and(|mode| mode.contains(['w', 'a', 'x', '+']))
}

fn open(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match is_written(&argument(call, 1, "mode")) {
        true => file(
            host,
            machine,
            call,
            FileOperation::Write,
            &argument(call, 0, "file"),
        ),
        false => as_before(host, machine, call),
    }
}

fn open_this(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    match is_written(&argument(call, 0, "mode")) {
        true => write_this(host, machine, call),
        false => as_before(host, machine, call),
    }
}

fn write(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(
        host,
        machine,
        call,
        FileOperation::Write,
        &argument(call, 0, "target"),
    )
}

/// `shutil.move(from, to)`.
fn write_to(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(
        host,
        machine,
        call,
        FileOperation::Write,
        &argument(call, 1, "dst"),
    )
}

fn write_this(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(host, machine, call, FileOperation::Write, &call.this)
}

fn delete(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(
        host,
        machine,
        call,
        FileOperation::Delete,
        &argument(call, 0, "path"),
    )
}

fn delete_this(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(host, machine, call, FileOperation::Delete, &call.this)
}

fn write_object(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(
        host,
        machine,
        call,
        FileOperation::Write,
        &argument(call, 2, "Key"),
    )
}

fn delete_object(host: &ModelHost, machine: &mut Machine<'_>, call: &Call<'_>) -> Answer {
    file(
        host,
        machine,
        call,
        FileOperation::Delete,
        &argument(call, 1, "Key"),
    )
}
