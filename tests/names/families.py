"""What of PyTorch is not here on purpose, by family: a pattern of names, and why."""

from __future__ import annotations

import re

NOT_HERE = {
    "complex numbers": r"complex|^(is_)?conj|^imag$|^real$|isreal|angle|^polar$|resolve_|_conj"
    r"|adjoint|^H$|^mH$|^sgn|view_as_real|eig$|eigvals$|chalf|cfloat|cdouble|^stft$|^istft$",
    "sparse tensors": r"sparse|crow|ccol|^(col_|row_)?indices|coalesce|smm|spmm|sspaddmm|dsmm"
    r"|^values|dense_dim|to_dense|saddmm|to_mkldnn|is_mkldnn",
    "quantised tensors": r"quant|qscheme|^q_|fbgemm|int_repr|fake_|fused_moving",
    "other devices, and what PyTorch compiles for them": r"mkldnn|cudnn|miopen|vulkan|autocast"
    r"|is_(ipu|meta|mps|mtia|xla|xpu|maia|hpu|cpu)|^(ipu|hpu|mtia|xpu)$",
    "inner workings of PyTorch": r"^sym_|_copy$|^native_|^import_ir|parse_|unify|merge_type|^fork$"
    r"|^wait$|storage|torch_function|handle_torch|unsafe_|convolution|grid_sampler_|_backward"
    r"|batch_norm_(stats|elemt|backward|gather|update)|affine_grid_generator|^(gru|lstm|rnn)"
    r"|classproperty|typename|get_(file_path|device_module)|_interop_|flush_denormal"
    r"|compiled_with|file$|cond$|while_loop|prepare_multi|thread_safe|init_num|is_distributed"
    r"|grouped_mm|scaled_mm|kineto|is_multithreading|view_replay|is_tensor_like|has_name"
    r"|^(variable|backward_extended|cast|overload|is_shared|share_memory_|fill|apply_|map_|map2_)$"
    r"|^reinforce|slice_inverse|dim_order|layout|constant_pad_nd|embedding_renorm|name$"
    r"|norm_except_dim|(nuclear|frobenius)_norm|resize|^set_$|module_load|output_nr|volatile"
    r"|record_stream|^is_(inference|neg|warn)|deterministic|hash_tensor|Optional|dispatch"
    r"|BroadcastingList|assert_int",
}
_PATTERNS = {family: re.compile(pattern) for family, pattern in NOT_HERE.items()}


def family(name: str) -> str | None:
    """Which of them a name belongs to."""
    return next((f for f, pattern in _PATTERNS.items() if pattern.search(name)), None)
