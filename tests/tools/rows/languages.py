"""What programs in many languages do with files."""

from row import Row, on_sls

GROUP = "languages"
WORDS = "Opened, written, copied and replaced by what each language has for that."

NEVER = "SLS deletes no single checkpoint"
TO_51 = {"state": {"1": "51"}}
SIZE = {"sls": {"out": "5\n"}}


def python(name, text, *arguments, **more):
    """text has single quotes only, and p, c and s."""
    text = "import os; p, c, s = (os.environ[n] for n in 'pcs'); " + text
    return Row(f"Python: {name}", 'python3 -c "' + text.replace("\\", "\\\\") + '"', *arguments, needs="python3",
    **more)


def perl(name, text, *arguments, **more):
    return Row(f"Perl: {name}", f"perl -e '{text}'", *arguments, needs="perl", **more)


def node(name, text, *arguments, **more):
    return Row(f"Node: {name}", "node -e '" + 'const fs = require("fs"), {p, c, s, HOME} = process.env; ' + text + "'",
               *arguments, needs="node", heavy=True, **more)


def ruby(name, text, *arguments, **more):
    return Row(f"Ruby: {name}", f"ruby -e 'p, c, s = ENV.values_at(\"p\", \"c\", \"s\"); {text}'", *arguments,
    needs="ruby",
               heavy=True, **more)


def php(name, text, *arguments, **more):
    return Row(f"PHP: {name}", f"php -r '$p = getenv(\"p\"); $c = getenv(\"c\"); {text}'", *arguments, needs="php",
               heavy=True, **more)


def lua(name, text, *arguments, **more):
    return Row(f"Lua: {name}", f"lua5.4 -e 'local p, c = os.getenv(\"p\"), os.getenv(\"c\"); {text}'", *arguments,
               needs="lua5.4", heavy=True, **more)


def tcl(name, text, *arguments, **more):
    return Row(f"Tcl: {name}", f"tclsh <(echo '{text}')", *arguments, needs="tclsh", heavy=True, **more)


def program(language, words, *arguments, before="", **more):
    tool = f"tool-{language.lower()}"
    return Row(f"{language}: {words}", f"{before}{tool} {words}", *arguments, needs=tool, heavy=True, **more)


X = "echo 51 > ~/x; "
F = "f = open(p + '/checkpoint', 'w'); "

ROWS = [
    python("open().read()", "print(open(p + '/checkpoint').read(), end='')", "{42}\n"),
    python("open().write()", F + "f.write('51\\n'); f.close()", state={"0": "51"}),
    python("print(file=)", F + "print(51, file=f); f.close()", state={"0": "51"}),
    python("open('r+')", "f = open(p + '/checkpoint', 'r+'); f.write('51\\n'); f.close()", state={"0": "51"}),
    python("open('a')", "f = open(p + '/checkpoint', 'a'); f.write('51\\n'); f.close()", state={"0": "51"}),
    python("open('x') of what is there", "open(p + '/checkpoint', 'x')", fails="FileExistsError"),
    python("open('wb', buffering=0)", "open(p + '/checkpoint', 'wb', buffering=0).write(b'51\\n')", state={"0": "51"}),
    python("write of no position", F + "f.write('junk\\n'); f.close()", fails="Invalid argument"),
    python("flush and fsync", F + "f.write('51\\n'); f.flush(); os.fsync(f.fileno())", state={"0": "51"}),
    python("fsync of a folder", "f = os.open(c, os.O_RDONLY); os.fsync(f); os.close(f)"),
    python("os.pwrite", "f = os.open(p + '/checkpoint', os.O_WRONLY); os.pwrite(f, b'51\\n', 0); os.close(f)",
           state={"0": "51"}),
    python("os.pwrite that leaves a hole", "f = os.open(p + '/checkpoint', os.O_WRONLY); os.pwrite(f, b'51\\n', 50)",
           fails="Invalid argument"),
    python("os.ftruncate", "f = os.open(p + '/checkpoint', os.O_WRONLY); os.ftruncate(f, 0); os.write(f, b'51\\n')",
           state={"0": "51"}),
    python("os.truncate by path, then another open",
           "f = os.open(c + '/0', os.O_RDWR); os.truncate(c + '/0', 0); os.write(f, b'51\\n'); os.close(f)",
           state={"0": "51"}),
    python("os.writev", "f = os.open(p + '/checkpoint', os.O_WRONLY); os.writev(f, [b'5', b'1\\n'])",
        state={"0": "51"}),
    python("os.sendfile", "f = open(p + '/checkpoint', 'rb'); os.sendfile(1, f.fileno(), 0, 99)", "{42}\n"),
    python("os.copy_file_range", "f = open(c + '/1'); g = open(p + '/checkpoint', 'r+'); "
           "os.copy_file_range(f.fileno(), g.fileno(), 99); g.close()", state={"0": "50"}),
    python("pathlib",
        "import pathlib; x = pathlib.Path(p, 'checkpoint'); x.write_text('51\\n'); print(x.read_text(), end='')",
           "{51}\n", state={"0": "51"}),
    python("pathlib rglob", "import pathlib; print(sum(x.is_file() for x in pathlib.Path('checkpoints').rglob('*')))",
        "2\n"),
    python("pathlib replace", "import pathlib; x = pathlib.Path(c, '.new'); x.write_text('51\\n'); x.replace(c + '/0')",
           state={"0": "51"}),
    python("os.walk", "print(sum(len(f) for _, _, f in os.walk('checkpoints')))", "2\n"),
    python("os.scandir", "print(sorted(e.name for e in os.scandir(c)))", "['0', '1']\n"),
    python("glob", "import glob; print(len(glob.glob('apps/*/*/*/checkpoint')))", "2\n"),
    python("os.stat", "print(os.stat(p + '/checkpoint').st_size)", "3\n", on=SIZE),
    python("fstat of what was removed", "f = open(c + '/1'); os.unlink(c + '/1'); print(os.fstat(f.fileno()).st_size)",
        "3\n",
           state={"1": None}, on=on_sls(instead=NEVER)),
    python("read of what was removed", "f = open(c + '/1'); os.unlink(c + '/1'); print(f.read(), end='')", "50\n",
           state={"1": None}, on=on_sls(instead=NEVER)),
    python("read of what was removed and made anew",
        "f = open(c + '/1'); os.unlink(c + '/1'); g = open(c + '/1', 'w'); "
           "os.fstat(g.fileno()); print(f.read(), end=''); g.write('51\\n'); g.close()", "50\n", state={"1": "51"},
           on=on_sls(instead=NEVER)),
    python("read again of what was removed",
        "f = open(c + '/1'); f.read(); os.unlink(c + '/1'); f.seek(0); print(f.read(), end='')",
           "50\n", state={"1": None}, on=on_sls(instead=NEVER)),
    python("os.replace", "f = open(c + '/.new', 'w'); f.write('51\\n'); f.close(); os.replace(c + '/.new', c + '/0')",
           state={"0": "51"}),
    python("os.rename of a partition", "os.rename(c + '/1', c + '/0')", state={"0": "50", "1": None},
        on=on_sls(instead=NEVER)),
    python("os.link in apps", "os.link(p + '/checkpoint', p + '/x')", refused="Operation not permitted",
           instead="copy in `checkpoints/`"),
    python("os.access", "print(os.access(p + '/checkpoint', os.W_OK), os.access(p + '/lag', os.W_OK))", "True False\n"),
    python("os.chmod, os.utime", "os.chmod(p + '/checkpoint', 0o600); os.utime(p + '/checkpoint')"),
    python("os.setxattr", "os.setxattr(p + '/checkpoint', 'user.a', b'1')", refused="Operation not supported",
           instead="a note in metadata"),
    python("os.posix_fallocate", "f = os.open(p + '/checkpoint', os.O_WRONLY); os.posix_fallocate(f, 0, 99)",
           refused="Invalid argument", instead="write: the C library then writes NULs"),
    python("fcntl.flock", "import fcntl; f = open(p + '/checkpoint'); fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)"),
    python("fcntl.lockf",
        "import fcntl; f = open(p + '/checkpoint', 'r+'); fcntl.lockf(f, fcntl.LOCK_EX | fcntl.LOCK_NB)"),
    python("mmap, private",
        "import mmap; f = open(c + '/1'); print(mmap.mmap(f.fileno(), 2, access=mmap.ACCESS_COPY)[:2])",
           "b'50'\n", on={"sls": {"out": "b'NT'\n"}}),
    python("mmap, shared", "import mmap; f = open(c + '/1'); mmap.mmap(f.fileno(), 2, access=mmap.ACCESS_READ)",
           refused="No such device", instead="a private mapping, or `read`"),
    python("shutil.copy", "import shutil; shutil.copy(c + '/1', c + '/0')", state={"0": "50"}),
    python("shutil.copyfile", "import shutil; shutil.copyfile(c + '/1', p + '/checkpoint')", state={"0": "50"}),
    python("shutil.copy2", "import shutil; shutil.copy2(c + '/1', c + '/2')", state={"2": "50"}),
    python("shutil.copyfile of records", "import shutil; shutil.copyfile(s + '/records/at/98', '/dev/stdout')", on={
        backend: {"script": "python3 -c \"import os, shutil; shutil.copyfile(os.environ['s'] + '/records/at/98', "
                            "os.environ['HOME'] + '/x')\"; wc -l < ~/x", "out": lines}
        for backend, lines in (("local", "0\n"), ("dis", "2\n"), ("sls", "2\n"), ("kafka", "2\n"))}),
    python("shutil.copytree", "import shutil; shutil.copytree('checkpoints/billing', 'checkpoints/copy')",
           state={"app copy": "", "copy/orders/0": "42 {note}", "copy/orders/1": "50"},
           on={"sls": {"state": {"app copy/orders": "", "copy/orders/0": "42", "copy/orders/1": "50"}}}),
    python("shutil.move from elsewhere",
        "import shutil; h = os.environ['HOME'] + '/x'; f = open(h, 'w'); f.write('51\\n'); "
           "f.close(); shutil.move(h, c + '/0')", state={"0": "51"}),
    python("shutil.rmtree", "import shutil; shutil.rmtree('checkpoints/billing')",
           state={"0": None, "1": None, "app billing": None}, on=on_sls(instead=NEVER)),
    python("tempfile in checkpoints/", "import tempfile; f = tempfile.NamedTemporaryFile('w', dir=c, delete=False); "
           "f.write('51\\n'); f.close(); os.replace(f.name, c + '/0')", state={"0": "51"}),
    python("tempfile.TemporaryFile in checkpoints/", "import tempfile; tempfile.TemporaryFile(dir=c).write(b'x')"),
    python("tarfile",
        "import tarfile; t = tarfile.open(os.environ['HOME'] + '/t', 'w'); t.add('checkpoints'); t.close(); "
           "print(len(tarfile.open(t.name).getnames()))", "6\n"),
    python("tarfile.extractall",
        "import tarfile; h = os.environ['HOME'] + '/t'; t = tarfile.open(h, 'w'); t.add(c); t.close(); "
           "open(c + '/1', 'w').write('60\\n'); tarfile.open(h).extractall()",
           on={"sls": {"refused": "", "state": {}}}),
    python("zipfile", "import zipfile; z = zipfile.ZipFile(os.environ['HOME'] + '/z', 'w'); z.write(c + '/1'); "
           "print(z.read(c + '/1').decode(), end='')", "{50}\n"),
    python("json.load", "import json; print(json.load(open(p + '/status'))['lag'])", "{lag}\n"),
    python("csv",
        "import csv; print([r[0] for r in csv.reader(open('apps/billing/orders/checkpoints'), delimiter='\\t')])",
           "['0', '1']\n"),
    python("fileinput, inplace", "import fileinput; [print(51) for _ in fileinput.input(c + '/1', inplace=True)]",
        **TO_51,
           on=on_sls(instead="`open(…, 'w')`")),
    python("filecmp",
        "import filecmp; print(filecmp.cmp(c + '/1', 'apps/billing/orders/1/checkpoint', shallow=False))", "True\n"),
    python("subprocess, stdin", "import subprocess; subprocess.run(['tee', p + '/checkpoint'], input=b'51\\n', "
           "stdout=subprocess.DEVNULL)", state={"0": "51"}),
    python("16 threads that write", "import concurrent.futures as t; "
           "w = lambda n: open(c + '/0', 'w').write(str(n) + '\\n'); "
           "list(t.ThreadPoolExecutor(16).map(w, [51] * 16))", state={"0": "51"}),

    perl("<FILE>", 'open F, "<", "$ENV{p}/checkpoint" or die $!; print <F>', "{42}\n"),
    perl("print", 'open F, ">", "$ENV{p}/checkpoint" or die $!; print F "51\\n"; close F or die $!', state={"0": "51"}),
    perl("print of no position", 'open F, ">", "$ENV{p}/checkpoint" or die $!; print F "junk\\n"; close F or die $!',
         fails="Invalid argument", status=22),
    perl(">>", 'open F, ">>", "$ENV{p}/checkpoint" or die $!; print F "51\\n"; close F or die $!', state={"0": "51"}),
    perl("syswrite", 'open F, "+<", "$ENV{p}/checkpoint" or die $!; syswrite F, "51\\n"', state={"0": "51"}),
    perl("rename",
        'open F, ">", "$ENV{c}/new" or die $!; print F "51\\n"; close F; rename "$ENV{c}/new", "$ENV{c}/0" or die $!',
         state={"0": "51"}),
    perl("unlink", 'unlink "$ENV{c}/1" or die $!', state={"1": None}, on=on_sls(status=95, instead=NEVER)),
    perl("File::Copy copy", 'use File::Copy; copy "$ENV{c}/1", "$ENV{c}/0" or die $!', state={"0": "50"}),
    perl("File::Find", 'use File::Find; find sub { $n++ if -f }, "checkpoints"; print "$n\\n"', "2\n"),
    perl("-s", 'print -s "$ENV{p}/checkpoint", "\\n"', "3\n", on=SIZE),
    perl("-w", 'print -w "$ENV{p}/checkpoint" ? 1 : 0, "\\n"', "1\n"),
    perl("sysopen, O_EXCL", 'use Fcntl; sysopen F, "$ENV{c}/1", O_WRONLY|O_CREAT|O_EXCL or die $!', fails="File exists",
         status=17),

    node("readFileSync", 'process.stdout.write(fs.readFileSync(p + "/checkpoint"))', "{42}\n"),
    node("writeFileSync", 'fs.writeFileSync(p + "/checkpoint", "51\\n")', state={"0": "51"}),
    node("writeFileSync of no position", 'fs.writeFileSync(p + "/checkpoint", "junk\\n")', fails="EINVAL"),
    node("appendFileSync", 'fs.appendFileSync(p + "/checkpoint", "51\\n")', state={"0": "51"}),
    node("promises", 'fs.promises.readFile(p + "/lag", "utf8").then(t => process.stdout.write(t))', "{lag}\n"),
    node("createReadStream", 'fs.createReadStream(p + "/checkpoint").pipe(process.stdout)', "{42}\n"),
    node("createWriteStream", 'fs.createWriteStream(p + "/checkpoint").end("51\\n")', state={"0": "51"}),
    node("copyFileSync", 'fs.copyFileSync(c + "/1", c + "/0")', state={"0": "50"}),
    node("cpSync", 'fs.cpSync(c + "/1", HOME + "/x"); process.stdout.write(fs.readFileSync(HOME + "/x"))', "{50}\n"),
    node("renameSync", 'fs.writeFileSync(c + "/new", "51\\n"); fs.renameSync(c + "/new", c + "/0")', state={"0": "51"}),
    node("unlinkSync", 'fs.unlinkSync(c + "/1")', state={"1": None}, on=on_sls("ENOTSUP", instead=NEVER)),
    node("rmSync", 'fs.rmSync(c, {recursive: true})', state={"0": None, "1": None}, on=on_sls("ENOTSUP",
        instead=NEVER)),
    node("readdirSync", 'console.log(fs.readdirSync(c).join())', "0,1\n"),
    node("statSync", 'console.log(fs.statSync(p + "/checkpoint").size)', "3\n", on=SIZE),

    ruby("File.read", 'print File.read("#{p}/checkpoint")', "{42}\n"),
    ruby("File.write", 'File.write("#{p}/checkpoint", "51\\n")', state={"0": "51"}),
    ruby("File.write of no position", 'File.write("#{p}/checkpoint", "junk\\n")', fails="EINVAL"),
    ruby("FileUtils.cp", 'require "fileutils"; FileUtils.cp("#{c}/1", "#{c}/0")', state={"0": "50"}),
    ruby("FileUtils.mv", 'require "fileutils"; File.write("#{c}/new", "51\\n"); FileUtils.mv("#{c}/new", "#{c}/0")',
         state={"0": "51"}),
    ruby("FileUtils.rm_r", 'require "fileutils"; FileUtils.rm_r(c)', state={"0": None, "1": None},
         on=on_sls(instead=NEVER)),
    ruby("Dir.glob", 'puts Dir.glob("checkpoints/**/*").count { |f| File.file?(f) }', "2\n"),
    ruby("IO.select", 'puts IO.select([File.open("#{p}/checkpoint")], nil, nil, 5)[0].size', "1\n"),
    ruby("IO.copy_stream", 'IO.copy_stream("#{c}/1", "#{c}/0")', state={"0": "50"}),
    php("file_get_contents", 'echo file_get_contents("$p/checkpoint");', "{42}\n"),
    php("file_put_contents", 'file_put_contents("$p/checkpoint", "51\\n");', state={"0": "51"}),
    php("file_put_contents, LOCK_EX", 'file_put_contents("$p/checkpoint", "51\\n", LOCK_EX);', state={"0": "51"}),
    php("file", 'echo count(file("$p/checkpoint")), "\\n";', "1\n"),
    php("rename", 'file_put_contents("$c/new", "51\\n"); rename("$c/new", "$c/0");', state={"0": "51"}),
    php("copy", 'copy("$c/1", "$c/0");', state={"0": "50"}),
    lua("io.lines", 'for l in io.lines(p .. "/checkpoint") do print(l) end', "{42}\n"),
    lua("io.open, w", 'local f = io.open(p .. "/checkpoint", "w"); f:write("51\\n"); assert(f:close())',
        state={"0": "51"}),
    lua("os.rename",
        'local f = io.open(c .. "/new", "w"); f:write("51\\n"); f:close(); assert(os.rename(c .. "/new", c .. "/0"))',
        state={"0": "51"}),
    lua("os.remove", 'assert(os.remove(c .. "/1"))', state={"1": None}, on=on_sls(instead=NEVER)),

    tcl("read", "puts -nonewline [read [open $env(p)/checkpoint]]", "{42}\n"),
    tcl("puts", "set f [open $env(p)/checkpoint w]; puts $f 51; close $f", state={"0": "51"}),
    tcl("puts of no position", "set f [open $env(p)/checkpoint w]; puts $f junk; close $f", fails="invalid argument"),
    tcl("file copy", "file copy -force $env(c)/1 $env(c)/0", state={"0": "50"},
        on=on_sls("operation not supported", instead="`puts` into the file")),
    tcl("file rename", "set f [open $env(c)/new w]; puts $f 51; close $f; file rename -force $env(c)/new $env(c)/0",
        state={"0": "51"}),
    tcl("file delete", "file delete $env(c)/1", state={"1": None}, on=on_sls("operation not supported", instead=NEVER)),

    program("Go", "ReadFile $p/checkpoint", "{42}\n"),
    program("Go", "WriteFile $p/checkpoint 51", state={"0": "51"}),
    program("Go", "WriteFile $p/checkpoint junk", fails="invalid argument"),
    program("Go", "bufio $p/checkpoint 51", state={"0": "51"}),
    program("Go", "Copy $p/checkpoint ~/x", before=X, state={"0": "51"}),
    program("Go", "CopyFS checkpoints/copy checkpoints/billing",
            state={"app copy": "", "copy/orders/0": "42 {note}", "copy/orders/1": "50"},
            on={"sls": {"state": {"app copy/orders": "", "copy/orders/0": "42", "copy/orders/1": "50"}}}),
    program("Go", "atomic $c/0 51", state={"0": "51"}),
    program("Go", "WalkDir checkpoints", "checkpoints/billing/orders/0\ncheckpoints/billing/orders/1\n"),
    program("Go", "Remove $c/1", state={"1": None}, on=on_sls("operation not supported", instead=NEVER)),
    program("Go", "Rename $c/1 $c/0", state={"0": "50", "1": None}, on=on_sls("operation not supported",
        instead=NEVER)),
    program("Go", "Chmod $c/1"),
    program("Java", "readString $p/checkpoint", "{42}\n"),
    program("Java", "lines $c/1", "{50}\n"),
    program("Java", "writeString $p/checkpoint 51", state={"0": "51"}),
    program("Java", "writeString $p/checkpoint junk", fails="Invalid argument"),
    program("Java", "FileWriter $p/checkpoint 51", state={"0": "51"}),
    program("Java", "channel $p/checkpoint 51", state={"0": "51"}),
    program("Java", "RandomAccessFile $p/checkpoint 51", state={"0": "51"}),
    program("Java", "AsynchronousFileChannel $p/checkpoint", "{42}\n"),
    program("Java", "copy $c/0 ~/x", before=X, state={"0": "51"}, on=on_sls(instead="Files.write")),
    program("Java", "atomic $c/0 51", state={"0": "51"}),
    program("Java", "walk checkpoints", "checkpoints/billing/orders/0\ncheckpoints/billing/orders/1\n"),
    program("Java", "size $p/checkpoint", "3\n", on=SIZE),
    program("Java", "delete $c/1", state={"1": None}, on=on_sls(instead=NEVER)),
    program("Rust", "read_to_string $p/checkpoint", "{42}\n"),
    program("Rust", "lines $c/1", "{50}\n"),
    program("Rust", "write $p/checkpoint 51", state={"0": "51"}),
    program("Rust", "write $p/checkpoint junk", fails="Invalid argument"),
    program("Rust", "BufWriter $p/checkpoint 51", state={"0": "51"}),
    program("Rust", "append $p/checkpoint 51", state={"0": "51"}),
    program("Rust", "copy $c/0 $c/1", state={"0": "50"}),
    program("Rust", "atomic $c/0 51", state={"0": "51"}),
    program("Rust", "rename $c/1 $c/0", state={"0": "50", "1": None}, on=on_sls(instead=NEVER)),
    program("Rust", "remove_file $c/1", state={"1": None}, on=on_sls(instead=NEVER)),
    program("Rust", "len $p/checkpoint", "3\n", on=SIZE),
]
