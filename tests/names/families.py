"""What of PyTorch is not here on purpose, by family: a pattern of names, and why."""

from __future__ import annotations

import re

NOT_HERE = {
    "complex numbers": r"complex|^(is_)?conj|^imag$|^real$|isreal|angle|^polar$|resolve_|_conj|adjoint"
    r"|^H$|^mH$|^sgn|view_as_real|eig$|eigvals$|chalf|cfloat|cdouble|vdot_|^stft$|^istft$",
    "sparse tensors": r"sparse|crow|ccol|^(col_|row_)?indices|coalesce|smm|spmm|sspaddmm|hspmm|dsmm"
    r"|^values|dense_dim|to_dense|saddmm|to_mkldnn|is_mkldnn|sparse_mask",
    "quantised tensors": r"quant|qscheme|^q_|fbgemm|int_repr|fake_|fused_moving",
    "names of axes": r"^names$|^rename|refine_names|align_|has_names|^names_",
    "other devices, and what PyTorch compiles for them": r"mkldnn|cudnn|miopen|is_(ipu|meta|mps|mtia"
    r"|vulkan|xla|xpu|maia|hpu)|^(ipu|hpu|mtia|xpu)$|vulkan|^set_.*autocast|autocast|is_cpu$",
    "inner workings of PyTorch": r"^sym_|_copy$|^native_|^import_ir|parse_|unify|merge_type|^fork$|^wait$"
    r"|storage|_(overload|torch_function)|^has_torch|handle_torch|unsafe_|batch_norm_(stats|elemt"
    r"|backward|gather|update)|grid_sampler_|affine_grid_generator|^(gru|lstm|rnn)|classproperty"
    r"|typename|get_(file_path|device_module)|_interop_|flush_denormal|compiled_with|file$|cond$"
    r"|while_loop|prepare_multi|thread_safe|init_num|is_distributed|grouped_mm|scaled_mm|kineto"
    r"|is_multithreading|view_replay|is_tensor_like|^(variable|backward_extended|cast|overload)$"
    r"|has_name|^(is_)?shared|share_memory|^reinforce|slice_inverse|dim_order|layout|^fill$|^detach_$"
    r"|constant_pad_nd|embedding_renorm|norm_except_dim|(nuclear|frobenius)_norm|convolution"
    r"|resize|^set_$|^apply_$|^map_|^map2_|module_load|output_nr|name$|set_data|^retains_grad|volatile"
    r"|_backward|record_stream|^is_(inference|neg|vulkan|warn)|deterministic|hash_tensor|autograd_meta"
    r"|untyped|nbytes_|data_ptr_|BroadcastingList|assert_int|boolean_dispatch|dispatch_|wrap_",
}  # fmt: skip
_PATTERNS = {family: re.compile(pattern) for family, pattern in NOT_HERE.items()}


def family(name: str) -> str | None:
    """Which of them a name belongs to."""
    return next((f for f, pattern in _PATTERNS.items() if pattern.search(name)), None)
