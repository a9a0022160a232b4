"""Decodes with numcodecs what comes in, one JSON object a line with a codec's configuration, an array and the array
encoded, both base64; prints what differs, or ok."""

import base64
import json
import sys
import warnings

import numcodecs

warnings.simplefilter("ignore")
ok = True
for line in sys.stdin:
    chunk = json.loads(line)
    array, encoded = base64.b64decode(chunk["array"]), base64.b64decode(chunk["encoded"])
    chunk["config"].pop("typesize", None)
    try:
        if bytes(numcodecs.get_codec(chunk["config"]).decode(encoded)) != array:
            raise ValueError("other bytes")
    except Exception as e:
        ok = False
        print(chunk["config"], len(array), e)
if ok:
    print("ok")
