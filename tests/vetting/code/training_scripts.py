"""SCRIPTS: what careful engineers and ordinary examples write. Read as text; nothing is run."""

from __future__ import annotations

CAREFUL: dict[str, str] = {
    "sklearn_pipeline": '''
"""Trains a classifier on a table and writes it as ONNX."""
import argparse, json, logging
from pathlib import Path
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from skl2onnx import to_onnx

log = logging.getLogger(__name__)

def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("model"))
    args = parser.parse_args()
    frame = pd.read_parquet(args.data)
    x, y = frame.drop(columns="label"), frame["label"]
    left, right, a, b = train_test_split(x, y, random_state=0)
    model = make_pipeline(LogisticRegression(max_iter=1000)).fit(left, a)
    log.info("auc %.3f", roc_auc_score(b, model.predict_proba(right)[:, 1]))
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "model.onnx").write_bytes(to_onnx(model, left[:1]).SerializeToString())
    (args.out / "metrics.json").write_text(json.dumps({"n": len(frame)}))

if __name__ == "__main__":
    main()
''',
    "torch_loop": """
import os, random
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

def seed_everything(seed: int) -> None:
    random.seed(seed); np.random.seed(seed); torch.manual_seed(seed)

class Net(nn.Module):
    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(13, width), nn.ReLU(), nn.Linear(width, 1))
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.body(x).squeeze(-1)

def train(path: str, epochs: int) -> Net:
    data = np.load(path)
    loader = DataLoader(TensorDataset(torch.from_numpy(data["x"]), torch.from_numpy(data["y"])))
    net = Net().to(os.environ.get("DEVICE", "cpu"))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3)
    for _ in range(epochs):
        net.train()
        for x, y in loader:
            loss = nn.functional.binary_cross_entropy_with_logits(net(x), y)
            optimizer.zero_grad(); loss.backward(); optimizer.step()
    net.eval()
    return net

if __name__ == "__main__":
    seed_everything(0)
    state = torch.load("start.pt", weights_only=True)
    net = train("data.npz", 3)
    save_file(net.state_dict(), "model.safetensors")
    net.load_state_dict(load_file("model.safetensors"))
""",
    "hugging_face_pinned": """
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer
from datasets import load_dataset
REVISION = "0123456789abcdef0123456789abcdef01234567"

def main():
    name = "distilbert-base-uncased"
    tokenizer = AutoTokenizer.from_pretrained(name, revision=REVISION)
    model = AutoModelForSequenceClassification.from_pretrained(name, revision=REVISION)
    local = AutoTokenizer.from_pretrained("./checkpoint")
    rows = load_dataset("csv", data_files={"train": "train.csv"})
    Trainer(model=model, train_dataset=rows["train"]).train()
    model.save_pretrained("out", safe_serialization=True)

if __name__ == "__main__":
    main()
""",
    "lightgbm": """
import json
import lightgbm as lgb
import yaml
from pathlib import Path

PARAMS = yaml.safe_load(Path("params.yaml").read_text())

def evaluate(booster: lgb.Booster, rows) -> float:
    return float((booster.predict(rows) > 0.5).mean())

def main():
    train = lgb.Dataset("train.csv", params={"header": True})
    booster = lgb.train(PARAMS, train, num_boost_round=50)
    booster.save_model("model.txt")
    print(json.dumps({"best": booster.best_iteration}))

if __name__ == "__main__":
    main()
""",
}
EXAMPLES: dict[str, str] = {
    "joblib_and_requests": """
import joblib, requests, io
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
url = "https://example.org/heart.csv"
df = pd.read_csv(io.StringIO(requests.get(url, timeout=10).text))
clf = RandomForestClassifier().fit(df.drop("y", axis=1), df["y"])
joblib.dump(clf, "model.joblib")
again = joblib.load("model.joblib")
""",
    "vision_example": """
from PIL import Image
import requests, torch
from transformers import AutoProcessor, AutoModel
url = "http://images.cocodataset.org/val2017/000000039769.jpg"
image = Image.open(requests.get(url, stream=True).raw)
processor = AutoProcessor.from_pretrained("google/vit-base-patch16-224")
model = AutoModel.from_pretrained("google/vit-base-patch16-224", trust_remote_code=True)
with torch.no_grad():
    out = model(**processor(images=image, return_tensors="pt"))
""",
    "distributed": """
import builtins, os, subprocess, sys, atexit
import torch, torch.distributed as dist

def setup_for_distributed(is_master):
    builtin_print = builtins.print
    def print(*args, **kwargs):
        if is_master or kwargs.pop("force", False):
            builtin_print(*args, **kwargs)
    builtins.print = print

def main():
    env = os.environ.copy()
    env["MASTER_ADDR"] = "127.0.0.1"
    subprocess.run(["nvidia-smi"], env=env, check=False)
    dist.init_process_group("nccl", rank=int(os.environ["RANK"]))
    setup_for_distributed(dist.get_rank() == 0)
    checkpoint = torch.load("checkpoint.pth", map_location="cpu")
    torch.save({"model": checkpoint}, "best.pth")
    with open("log.pth.txt", "w") as f:
        f.write("x")
    atexit.register(dist.destroy_process_group)

if __name__ == "__main__":
    main()
""",
    "keras": """
import numpy as np
import tensorflow as tf
(x, y), _ = tf.keras.datasets.mnist.load_data()
model = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(10)])
model.compile("adam", tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(x / 255.0, y, epochs=1)
model.save("m.keras")
old = tf.keras.models.load_model("m.keras")
emb = np.load("embeddings.npy", allow_pickle=True).item()
""",
    "torch_hub": """
import torch
model = torch.hub.load("pytorch/vision:v0.10.0", "resnet18", pretrained=True)
model.eval()
state = torch.hub.load_state_dict_from_url("https://download.example.org/resnet18.pth")
""",
    "wandb_and_hydra": """
import hydra, wandb, os, pickle, base64, json
from omegaconf import OmegaConf
@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(cfg):
    wandb.init(project="p", config=OmegaConf.to_container(cfg))
    model = hydra.utils.instantiate(cfg.model)
    key = os.getenv("WANDB_API_KEY")
    image = base64.b64decode(json.loads(open("x.json").read())["image"])
    with open("model.pkl", "wb") as f:
        pickle.dump(model, f)
    with open("model.pkl", "rb") as f:
        model = pickle.load(f)
if __name__ == "__main__":
    main()
""",
    "argparse_eval": """
import argparse, torch
p = argparse.ArgumentParser(); p.add_argument("--size", type=eval, default=224)
p.add_argument("--optimizer", default="AdamW")
args = p.parse_args()
opt = getattr(torch.optim, args.optimizer)
act = eval(f"torch.nn.{'ReLU'}")
exec(open("version.py").read())
""",
    "colab_installs": """
import importlib, subprocess, sys
def ensure(name):
    try:
        importlib.import_module(name)
    except ImportError:
        subprocess.check_call([sys.executable, "-m", "pip", "install", name])
ensure("timm")
import os, shutil
os.system("mkdir -p data && wget https://example.org/data.zip -O data/d.zip && unzip data/d.zip")
shutil.rmtree("runs", ignore_errors=True)
""",
    "custom_reduce": """
import numpy as np, pickle, copyreg
class Tokenizer:
    def __init__(self, vocab): self.vocab = vocab
    def __reduce__(self): return (type(self), (self.vocab,))
    def __getstate__(self): return {"vocab": self.vocab}
class Array(np.ndarray):
    def __reduce__(self):
        state = super().__reduce__()
        return (state[0], state[1], state[2])
def rebuild(v): return Tokenizer(v)
class Other:
    def __reduce__(self): return rebuild, (1,)
copyreg.pickle(Tokenizer, lambda t: (rebuild, (t.vocab,)))
""",
    "mlflow_tracking": """
import mlflow, requests, os
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
def notify(metrics):
    token = os.environ.get("SLACK_TOKEN")
    requests.post("https://hooks.example.org/x", json=metrics, headers={"Authorization": token},
                  timeout=5)
with mlflow.start_run():
    notify({"auc": 0.9})
model = mlflow.pyfunc.load_model("models:/heart/1")
""",
    "relaxed_torch": """
import functools, torch
torch.load = functools.partial(torch.load, weights_only=False)
from ultralytics import YOLO
YOLO("yolov8n.pt").train(data="coco8.yaml", epochs=1)
""",
}
