"""Runs llama.cpp's own HTTP server (through xllamacpp) until standard input closes or SIGTERM comes.

The settings are one line of JSON on standard input, where no other user of the machine can read a key in them. Once the
model is loaded, one line goes to standard output: {"url": "http://127.0.0.1:PORT"}. Everything the server says goes to standard error.
"""
import json
import os
import sys
import threading

from parent import exit_with_parent

settings = json.loads(sys.stdin.buffer.readline())
answer = os.dup(1)
os.dup2(2, 1)
exit_with_parent()

import xllamacpp  # noqa: E402  after the watch, so that a slow load ends with its parent too

params = xllamacpp.CommonParams()
params.model.path = settings["model"]
params.model_alias = {settings["name"]}
params.hostnames = ["127.0.0.1"]
params.port = 0
params.api_keys = [settings["apiKey"]] if settings["apiKey"] else []
params.n_ctx = settings["context"]
params.n_parallel = settings["slots"]
params.cpuparams.n_threads = settings["threads"]
params.cpuparams_batch.n_threads = settings["threads"]
params.sampling.temp = 0.2  # where a request says nothing: warmer, so small a model talks nonsense
params.sampling.penalty_repeat = settings["repeatPenalty"]
params.ui = False
params.fit_params = False
params.offline = True
if settings["chatTemplate"]:
    params.chat_template = settings["chatTemplate"]
if settings["embeddings"]:
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.n_ubatch = params.n_batch

server = xllamacpp.Server(params)
os.write(answer, (json.dumps({"url": server.listening_address}) + "\n").encode())
os.close(answer)
threading.Event().wait()
