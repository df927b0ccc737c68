# SPDX-License-Identifier: Apache-2.0
"""Tests of the Python package: frames, conversion, conduct, and a whole conversation over pipes."""
import io
import json
import os
import pathlib
import struct
import subprocess
import sys
import textwrap
import unittest

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "python"))

from assay import candidates, frames, loop, tensors  # noqa: E402
from assay.frames import Array  # noqa: E402

try:
    import torch
except ImportError:
    torch = None


def request(inputs, options=None, outputs=None, params=None, **metadata):
    """A request frame of the contract "test/double"."""
    head = {
        "assay": "pipe/1",
        "contract": "test/double",
        "op": "forward",
        "id": "7",
        "params": json.dumps({"factor": 2.0} if params is None else params),
        "options": json.dumps(options or {}),
        "outputs": json.dumps(outputs or {"y": {"dtype": "f32", "shape": [3]}}),
    }
    head.update(metadata)
    return frames.dump(head, inputs)


def x_of(values=(1, 2, 3)):
    return {"x": Array.of(np.array(values, dtype=np.float32))}


def double(function, **promises):
    promises.setdefault("outputs", ["y"])
    return candidates.make(function, "test/double", **promises)


class Frames(unittest.TestCase):
    def test_every_dtype_and_shape_comes_back_bit_for_bit(self):
        generator = np.random.default_rng(1)
        for name, dtype in frames.DTYPES.items():
            for shape in [(), (1,), (0,), (3,), (2, 0), (2, 3), (2, 3, 5)]:
                raw = generator.integers(0, 256, int(np.prod(shape)) * dtype.itemsize, np.uint8)
                data = raw.view(dtype).reshape(shape)
                metadata, back = frames.load(frames.dump({"k": "v"}, {"t": Array(name, data)}))
                self.assertEqual(metadata, {"k": "v"})
                self.assertEqual(back["t"].format, name)
                self.assertEqual(back["t"].data.shape, shape)
                self.assertEqual(back["t"].data.tobytes(), data.tobytes())

    def test_non_contiguous_arrays_are_packed(self):
        data = np.arange(12, dtype=np.float32).reshape(3, 4)[:, ::2]
        _, back = frames.load(frames.dump({}, {"t": Array.of(data)}))
        np.testing.assert_array_equal(back["t"].data, data)

    def test_data_start_on_eight_bytes(self):
        for name in ["t", "tt", "ttt", "tttt"]:
            frame = frames.dump({}, {name: Array.of(np.zeros(3))})
            self.assertEqual(struct.unpack_from("<Q", frame)[0] % 8, 0)

    def test_malformed_frames_are_refused(self):
        good = frames.dump({}, x_of())
        for bad in [b"", good[:7], struct.pack("<Q", 1 << 60) + good[8:], b"\x02" + 7 * b"\0" + b"[]"]:
            with self.assertRaises(ValueError):
                frames.load(bad)

    def test_a_stream_ends_between_frames_only(self):
        stream = io.BytesIO()
        frames.write(stream, b"abc")
        frames.write(stream, b"")
        whole = stream.getvalue()
        stream = io.BytesIO(whole)
        self.assertEqual(frames.read(stream), b"abc")
        self.assertEqual(frames.read(stream), b"")
        self.assertIsNone(frames.read(stream))
        for cut in [3, 9]:
            with self.assertRaises(EOFError):
                frames.read(io.BytesIO(whole[:cut]))


class Answers(unittest.TestCase):
    def answer(self, function, inputs=None, promises=None, **words):
        candidate = double(function, **(promises or {}))
        return loop.answer(candidate, request(inputs or x_of(), **words))

    def test_the_callable_gets_everything_by_name(self):
        seen = {}

        def function(x, factor, some_option):
            seen.update(x=x, factor=factor, some_option=some_option)
            return factor * x

        exact = 0.1 + 0.2
        metadata, arrays = self.answer(
            function, params={"factor": exact}, options={"some-option": "here"}
        )
        self.assertEqual(metadata, {"status": "ok", "id": "7"})
        self.assertEqual(seen["factor"], exact)
        self.assertEqual(seen["some_option"], "here")
        self.assertEqual(seen["x"].dtype, np.float32)
        self.assertEqual(arrays["y"].format, "F32")

    def test_parameters_that_json_lacks(self):
        for text, expected in [("inf", float("inf")), ("-inf", -float("inf"))]:
            seen = []
            self.answer(lambda x, factor: seen.append(factor) or x, params={"factor": text})
            self.assertEqual(seen, [expected])

    def test_dict_tuple_and_single_array(self):
        two = {"outputs": ["y", "z"]}
        wanted = {name: {"dtype": "f32", "shape": [3]} for name in ["y", "z"]}
        for function in [lambda x, factor: {"y": x, "z": 2 * x}, lambda x, factor: (x, 2 * x)]:
            _, arrays = self.answer(function, promises=two, outputs=wanted)
            np.testing.assert_array_equal(arrays["z"].data, [2, 4, 6])
        metadata, _ = self.answer(lambda x, factor: x, promises=two, outputs=wanted)
        self.assertEqual(metadata["status"], "error")
        metadata, _ = self.answer(lambda x, factor: (x,), promises=two, outputs=wanted)
        self.assertEqual(metadata["status"], "error")

    def test_outputs_that_a_case_does_not_want_are_dropped(self):
        _, arrays = self.answer(
            lambda x, factor: {"y": x, "z": x}, promises={"outputs": ["y", "z"]}
        )
        self.assertEqual(list(arrays), ["y"])

    def test_an_undeclared_output_is_an_error(self):
        metadata, _ = self.answer(lambda x, factor: {"y": x, "why": x})
        self.assertEqual(metadata["status"], "error")
        self.assertIn("'why' is not among the declared", metadata["why"])

    def test_nothing_is_cast_behind_the_callables_back(self):
        _, arrays = self.answer(lambda x, factor: x.astype(np.float64))
        self.assertEqual(arrays["y"].format, "F64")
        _, arrays = self.answer(lambda x, factor: x.reshape(3, 1))
        self.assertEqual(arrays["y"].data.shape, (3, 1))

    def test_one_element_and_bare_numbers_fit(self):
        for shape in [[], [1]]:
            one = {"y": {"dtype": "f32", "shape": shape}}
            for value in [0.1, np.float32(0.1), np.array([[0.1]], np.float32)]:
                _, arrays = self.answer(lambda x, factor, v=value: v, outputs=one)
                self.assertEqual(arrays["y"].format, "F32")
                self.assertEqual(list(arrays["y"].data.shape), shape)
                self.assertEqual(arrays["y"].data.tobytes(), np.float32(0.1).tobytes())
            _, arrays = self.answer(lambda x, factor: np.float64(0.1), outputs=one)
            self.assertEqual(arrays["y"].format, "F64")

    def test_an_exception_is_one_line(self):
        def function(x, factor):
            raise ValueError("no\n  luck  today")

        stderr, sys.stderr = sys.stderr, io.StringIO()
        try:
            metadata, arrays = self.answer(function)
            self.assertIn("Traceback", sys.stderr.getvalue())
        finally:
            sys.stderr = stderr
        self.assertEqual(metadata, {"status": "error", "why": "ValueError: no luck today", "id": "7"})
        self.assertEqual(arrays, {})

    def test_declining_is_unsupported(self):
        for error in [candidates.Unsupported("odd size"), NotImplementedError("odd size")]:

            def function(x, factor, error=error):
                raise error

            metadata, _ = self.answer(function)
            self.assertEqual(metadata["status"], "unsupported")
            self.assertIn("odd size", metadata["why"])

    def test_only_declines_other_options_and_hides_its_own(self):
        promises = {"only": {"directions": "one"}}
        metadata, _ = self.answer(
            lambda x, factor: x, promises=promises, options={"directions": "one"}
        )
        self.assertEqual(metadata["status"], "ok")
        metadata, _ = self.answer(
            lambda x, factor: x, promises=promises, options={"directions": "both"}
        )
        self.assertEqual(metadata["status"], "unsupported")
        self.assertIn("only directions = one", metadata["why"])

    def test_inputs_changed_in_place_are_noticed(self):
        def function(x, factor):
            x[1] *= -1
            return x

        metadata, _ = self.answer(function)
        self.assertEqual(metadata["status"], "input_written")
        self.assertIn("'x'", metadata["why"])
        # Also the smallest change there is: the sign of a zero, or the payload of a NaN.
        metadata, _ = self.answer(function, inputs=x_of([0, 0, 0]))
        self.assertEqual(metadata["status"], "input_written")

    def test_bfloat16_is_widened_exactly(self):
        halves = np.array([0x3F80, 0x4049, 0xFF80, 0x0001], np.uint16)
        seen = []
        self.answer(
            lambda x, factor: seen.append(x.copy()) or x, inputs={"x": Array("BF16", halves)}
        )
        np.testing.assert_array_equal(
            seen[0].view(np.uint32), halves.astype(np.uint32) << 16
        )

    def test_a_changed_widened_bfloat16_is_noticed_in_its_low_bits_too(self):
        def function(x, factor):
            x *= np.float32(1 + 2.0**-20)
            return x

        halves = Array("BF16", np.array([0x3F80], np.uint16))
        for bits in [False, True]:
            change = function if not bits else lambda x, factor: x.__ior__(np.uint16(1))
            metadata, _ = self.answer(
                change, inputs={"x": halves}, promises={"inputs": ["bf16"], "bf16_bits": bits}
            )
            self.assertEqual(metadata["status"], "input_written", bits)

    def test_bfloat16_bits_are_handed_over_on_request(self):
        halves = np.array([0x3F80, 0x4049, 0xFF80], np.uint16)
        seen = []
        metadata, _ = self.answer(
            lambda x, factor: seen.append(x) or np.zeros(3, np.float32),
            inputs={"x": Array("BF16", halves)},
            promises={"inputs": ["bf16", "f32"], "bf16_bits": True},
        )
        self.assertEqual(metadata["status"], "ok", metadata)
        self.assertEqual(seen[0].dtype, np.uint16)
        np.testing.assert_array_equal(seen[0], halves)

    def test_binary16_is_given_as_it_is(self):
        halves = np.array([1.5, -np.inf, 2.0**-24], np.float16)
        seen = []
        self.answer(
            lambda x, factor: seen.append(x) or x,
            inputs={"x": Array.of(halves)},
            promises={"inputs": ["f16"]},
        )
        self.assertEqual(seen[0].dtype, np.float16)
        self.assertEqual(seen[0].tobytes(), halves.tobytes())

    def test_the_operation_goes_to_those_that_ask_for_it(self):
        seen = []

        def by_name(x, factor, op):
            seen.append(op)
            return x

        def by_keywords(**keywords):
            seen.append(keywords["op"])
            return keywords["x"]

        class Callable:
            def __call__(self, x, factor, *, op="none"):
                seen.append(op)
                return x

        for function in [by_name, by_keywords, Callable()]:
            for operation in ["forward", "backward"]:
                metadata, _ = self.answer(function, op=operation)
                self.assertEqual(metadata["status"], "ok", metadata)
        self.assertEqual(seen, 3 * ["forward", "backward"])

        def positional(x, op="untouched", /, factor=0):
            return x

        def without(x, factor):
            return x

        self.assertFalse(double(positional).wants_op)
        self.assertFalse(double(max).wants_op)  # has no signature
        metadata, _ = self.answer(without, op="backward")
        self.assertEqual(metadata["status"], "ok", metadata)

    def test_an_input_that_a_case_lacks_is_left_to_its_default(self):
        seen = []

        def function(x, factor, grad_row_loss=None):
            seen.append(grad_row_loss)
            return x

        self.answer(function)
        self.answer(function, inputs={**x_of(), "grad_row_loss": Array.of(np.ones(2, np.float32))})
        self.assertIsNone(seen[0])
        np.testing.assert_array_equal(seen[1], [1, 1])

    def test_both_operations_of_one_callable(self):
        def function(x, factor, op):
            return {"y": factor * x} if op == "forward" else {"grad_x": np.full_like(x, factor)}

        for operation, output in [("forward", "y"), ("backward", "grad_x")]:
            metadata, arrays = self.answer(
                function,
                promises={"outputs": ["y", "grad_x"]},
                op=operation,
                outputs={output: {"dtype": "f32", "shape": [3]}},
            )
            self.assertEqual(metadata["status"], "ok", metadata)
            self.assertEqual(list(arrays), [output])
        metadata, _ = self.answer(
            lambda x, factor, op: (x,), promises={"outputs": ["y", "grad_x"]}
        )
        self.assertIn("return a dict", metadata["why"])

    def test_the_formats_of_inputs_are_greeted(self):
        self.assertEqual(json.loads(loop.greeting(double(max))["inputs"]), ["f32"])
        candidate = double(max, inputs=["f32", "bf16"])
        self.assertEqual(json.loads(loop.greeting(candidate)["inputs"]), ["f32", "bf16"])

    def test_wrong_words_are_refused(self):
        for words, said in [
            ({"outputs": "y"}, "non-empty list of names"),
            ({"outputs": []}, "non-empty list of names"),
            ({"framework": "jax"}, "'jax'"),
            ({"device": "cuda"}, "framework='torch'"),
            ({"inputs": "f32"}, "non-empty list of formats"),
            ({"inputs": []}, "non-empty list of formats"),
            ({"inputs": ["f32", "float16"]}, "'float16'"),
            ({"inputs": ["f32", "i32"]}, "'i32'"),
            ({"bf16_bits": True}, "'bf16' among the inputs"),
            ({"bf16_bits": True, "inputs": ["bf16"], "framework": "torch"}, "framework='numpy'"),
        ]:
            with self.assertRaisesRegex(ValueError, said):
                double(lambda x: x, **words)
        with self.assertRaises(TypeError):
            double(3)


@unittest.skipIf(torch is None, "PyTorch is not installed")
class Torch(unittest.TestCase):
    def answer(self, function, inputs=None, **words):
        return loop.answer(double(function, framework="torch"), request(inputs or x_of(), **words))

    def test_tensors_in_and_out(self):
        def function(x, factor):
            assert isinstance(x, torch.Tensor)
            return (x * factor).requires_grad_()

        metadata, arrays = self.answer(function)
        self.assertEqual(metadata["status"], "ok", metadata)
        np.testing.assert_array_equal(arrays["y"].data, np.array([2, 4, 6], np.float32))

    def test_inputs_changed_in_place_are_noticed(self):
        metadata, _ = self.answer(lambda x, factor: x.mul_(factor))
        self.assertEqual(metadata["status"], "input_written")

    def test_bfloat16_keeps_its_bits(self):
        halves = np.array([0x3F80, 0x4049, 0xFF80], np.uint16)
        metadata, arrays = self.answer(lambda x, factor: x, inputs={"x": Array("BF16", halves)})
        self.assertEqual(metadata["status"], "ok", metadata)
        self.assertEqual(arrays["y"].format, "BF16")
        self.assertEqual(arrays["y"].data.tobytes(), halves.tobytes())


SCRIPT = textwrap.dedent(
    """
    import os, sys
    import assay

    @assay.candidate("test/double", outputs=["y"], name="doubler", version="9")
    def double(x, factor):
        print("python chatter")
        os.system("echo shell chatter")
        sys.stdin.read()
        if x.size == 99:
            sys.exit(3)
        return x * type(x[0])(factor)

    assay.serve()
    """
)


class Conversation(unittest.TestCase):
    """The package in a process of its own, as the checker meets it."""

    def start(self, script):
        environment = dict(os.environ, PYTHONPATH=str(ROOT / "python"))
        return subprocess.Popen(
            [sys.executable, "-c", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )

    def test_three_lines_are_a_candidate(self):
        process = self.start(
            "import assay\n"
            "assay.run(lambda x, factor: 2 * x, 'test/double', outputs=['y'], name='twice')\n"
        )
        metadata, _ = frames.load(frames.read(process.stdout))
        self.assertEqual(metadata["name"], "twice")
        frames.write(process.stdin, request(x_of()))
        _, arrays = frames.load(frames.read(process.stdout))
        np.testing.assert_array_equal(arrays["y"].data, [2, 4, 6])
        _, stderr = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 0, stderr)

    def test_chatter_of_every_kind_stays_out_of_the_frames(self):
        process = self.start(SCRIPT)
        metadata, arrays = frames.load(frames.read(process.stdout))
        self.assertEqual(
            metadata,
            {
                "assay": "pipe/1",
                "contract": "test/double",
                "name": "doubler",
                "version": "9",
                "outputs": '["y"]',
                "inputs": '["f32"]',
                "algorithm": "any-order",
                "deterministic": "true",
            },
        )
        self.assertEqual(arrays, {})
        for _ in range(3):
            frames.write(process.stdin, request(x_of()))
            metadata, arrays = frames.load(frames.read(process.stdout))
            self.assertEqual(metadata["status"], "ok")
            np.testing.assert_array_equal(arrays["y"].data, [2, 4, 6])
        rest, stderr = process.communicate(timeout=30)
        self.assertEqual(rest, b"")
        self.assertIn(b"python chatter", stderr)
        self.assertIn(b"shell chatter", stderr)
        self.assertEqual(process.returncode, 0)

    def test_a_candidate_that_exits_takes_its_process_with_it(self):
        process = self.start(SCRIPT)
        frames.read(process.stdout)
        frames.write(process.stdin, request(x_of(range(99))))
        self.assertIsNone(frames.read(process.stdout))
        process.communicate(timeout=30)
        self.assertEqual(process.returncode, 3)

    def test_serve_needs_exactly_one_candidate(self):
        process = self.start("import assay\nassay.serve()\n")
        _, stderr = process.communicate(timeout=30)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn(b"serve() needs one candidate; 0 registered", stderr)


if __name__ == "__main__":
    unittest.main()
