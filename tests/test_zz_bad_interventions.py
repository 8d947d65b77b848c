import pytest
from bad_input import interventions
from fluxlearn.trace.tap import watched
pytestmark = pytest.mark.usefixtures("unchecked_shapes")
CASES = interventions.CASES
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(case, tmp_path):
    with pytest.raises(case.error) as caught:
        case.call(tmp_path)
    for words in case.words:
        assert words in str(caught.value)
    assert not watched()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
