"""What a network says of clean pictures before and after training: teacher and whitening."""

import torch
from torch import Tensor

from mobile_actnet.network.actnet import Actnet
from mobile_actnet.network.normalisation import normalise
from mobile_actnet.network.whitening import order_rows_by_variance, pca_whitening
from mobile_actnet.pictures.photos import Photo, load_images
from mobile_actnet.training.distributed import autocasting


@torch.no_grad()
def teacher_signatures(
    network: Actnet,
    photos: list[Photo],
    sides_px: tuple[int, ...],
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Average the signatures of clean pictures over sizes: (readable photos, signature_dim)."""
    device = next(network.parameters()).device
    total: Tensor | None = None
    for side_px in sides_px:
        signatures = []
        for start in range(0, len(photos), 64):
            pixels, kept, _ = load_images(photos[start : start + 64], side_px, side_px)
            if kept:
                images = normalise(torch.from_numpy(pixels).to(device))
                with autocasting(dtype, device):
                    signatures.append(
                        network.signature(images.contiguous(memory_format=torch.channels_last))
                    )
        joined = torch.cat(signatures)
        total = joined if total is None else total + joined
    assert total is not None
    return total / len(sides_px)


@torch.no_grad()
def fit_whitening(
    network: Actnet, photos: list[Photo], sides_px: tuple[int, ...], strength: float
) -> None:
    """Set the network's whitening to PCA whitening of the photos' signatures.

    Raises:
        ConfigError: fewer readable photos than the whitening has rows.
    """
    signatures = teacher_signatures(network.eval(), photos, sides_px)
    dim = network.config.whitening_dim
    network.head.whitening.set(*pca_whitening(signatures, dim, strength))


@torch.no_grad()
def finish_whitening(
    network: Actnet, photos: list[Photo], side_px: int, dims: tuple[int, ...]
) -> None:
    """Bring the whitening in order after training.

    Rows trained for one length are rotated back into order of variance; rows trained nested are
    in order already. The rows behind the trained ones are fitted anew to what those leave over;
    too few photos to fit them on leave them as they are.

    Args:
        dims: the lengths that were trained.
    """
    dim, whitening = max(dims), network.head.whitening
    signatures = teacher_signatures(network.eval(), photos, (side_px,))
    weight, bias = whitening.weight.detach().clone(), whitening.bias.detach().clone()
    if len(dims) == 1:
        weight, bias = order_rows_by_variance(weight, bias, signatures, dim)
    if 0 < network.config.whitening_dim - dim < len(signatures):
        trained = torch.linalg.qr(weight[:dim].T.double()).Q.float()  # (D, dim), orthonormal
        rest = signatures - (signatures @ trained) @ trained.T
        rest_weight, rest_bias = pca_whitening(rest, network.config.whitening_dim - dim)
        # Continue where the trained rows' variance ends.
        last = (signatures @ weight[dim - 1] + bias[dim - 1]).square().mean().sqrt()
        first = (rest @ rest_weight[0] + rest_bias[0]).square().mean().sqrt()
        # The remainder's projection: the trained directions are taken out of its rows.
        rest_weight = rest_weight - (rest_weight @ trained) @ trained.T
        weight[dim:] = rest_weight * (last / first)
        bias[dim:] = rest_bias * (last / first)
    whitening.set(weight, bias)
