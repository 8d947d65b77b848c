"""Where tokens stand."""

import torch

from fluxlearn.sampling.positions import image_ids, text_ids


def test_image_tokens_stand_at_their_row_and_column():
    ids = image_ids(batch=1, height=32, width=48)[0].tolist()

    assert ids == [[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 1, 0], [0, 1, 1], [0, 1, 2]]


def test_every_picture_of_a_batch_has_the_same_positions():
    assert torch.equal(image_ids(3, 32, 48), image_ids(1, 32, 48).expand(3, -1, -1))


def test_a_reference_picture_differs_in_the_first_coordinate_only():
    difference = image_ids(1, 32, 48, reference=1) - image_ids(1, 32, 48)

    assert torch.equal(difference, torch.tensor([1.0, 0, 0]).expand_as(difference))


def test_all_text_tokens_stand_where_the_first_image_token_stands():
    assert not text_ids(2, 7).any()
    assert text_ids(2, 7).shape == (2, 7, 3)
