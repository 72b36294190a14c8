"""Any plain JSON that we write, for property tests."""

from hypothesis import strategies as st

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(max_codepoint=0xD7FF)), inner, max_size=5)
    ),
    max_leaves=30,
)
