"""Bands of frequency."""

import jaxcollapse as jc
from jaxcollapse.reporting import frequency_bands


def test_bands_hold_every_word_once():
    for language in (jc.languages.zipf(1000), jc.languages.uniform(7), jc.languages.seddik(), jc.languages.zipf(2)):
        bands = frequency_bands(language)
        assert sum(band.count for band in bands) == language.support
        assert [band.low for band in bands] == sorted((band.low for band in bands), reverse=True)
