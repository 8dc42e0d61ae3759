"""BibTeX of what a run used: data, library, algorithms, metrics, statistics."""

from __future__ import annotations

from collections.abc import Iterable

from agent_core.report.report_inputs import ReportInputs
from agent_core.statistics.facts import Facts

LENSKIT = """@inproceedings{ekstrand2020lenskit,
  author = {Michael D. Ekstrand},
  title = {{LensKit} for {Python}: Next-Generation Software for Recommender Systems Experiments},
  booktitle = {Proc. 29th ACM Int. Conf. on Information and Knowledge Management (CIKM)},
  year = {2020}, doi = {10.1145/3340531.3412778}
}"""
MOVIELENS = """@article{harper2015movielens,
  author = {F. Maxwell Harper and Joseph A. Konstan},
  title = {The {MovieLens} Datasets: History and Context},
  journal = {ACM Transactions on Interactive Intelligent Systems},
  volume = {5}, number = {4}, articleno = {19}, year = {2015}, doi = {10.1145/2827872}
}"""
IMPLICIT_MF = """@inproceedings{hu2008implicit,
  author = {Yifan Hu and Yehuda Koren and Chris Volinsky},
  title = {Collaborative Filtering for Implicit Feedback Datasets},
  booktitle = {Proc. 8th IEEE Int. Conf. on Data Mining (ICDM)},
  year = {2008}, doi = {10.1109/ICDM.2008.22}
}"""
MATRIX_FACTORIZATION = """@article{koren2009matrix,
  author = {Yehuda Koren and Robert Bell and Chris Volinsky},
  title = {Matrix Factorization Techniques for Recommender Systems},
  journal = {Computer}, volume = {42}, number = {8}, year = {2009}, doi = {10.1109/MC.2009.263}
}"""
ITEM_KNN = """@article{deshpande2004item,
  author = {Mukund Deshpande and George Karypis},
  title = {Item-based Top-{N} Recommendation Algorithms},
  journal = {ACM Transactions on Information Systems},
  volume = {22}, number = {1}, year = {2004}, doi = {10.1145/963770.963776}
}"""
USER_KNN = """@inproceedings{herlocker1999algorithmic,
  author = {Jonathan L. Herlocker and Joseph A. Konstan and Al Borchers and John Riedl},
  title = {An Algorithmic Framework for Performing Collaborative Filtering},
  booktitle = {Proc. 22nd Int. ACM SIGIR Conf.},
  year = {1999}, doi = {10.1145/312624.312682}
}"""
EASE = """@inproceedings{steck2019embarrassingly,
  author = {Harald Steck},
  title = {Embarrassingly Shallow Autoencoders for Sparse Data},
  booktitle = {The World Wide Web Conference (WWW)},
  year = {2019}, doi = {10.1145/3308558.3313710}
}"""
SLIM = """@inproceedings{ning2011slim,
  author = {Xia Ning and George Karypis},
  title = {{SLIM}: Sparse Linear Methods for Top-{N} Recommender Systems},
  booktitle = {Proc. 11th IEEE Int. Conf. on Data Mining (ICDM)},
  year = {2011}, doi = {10.1109/ICDM.2011.134}
}"""
BPR = """@inproceedings{rendle2009bpr,
  author = {Steffen Rendle and Christoph Freudenthaler and Zeno Gantner and
            Lars Schmidt-Thieme},
  title = {{BPR}: {Bayesian} Personalized Ranking from Implicit Feedback},
  booktitle = {Proc. 25th Conf. on Uncertainty in Artificial Intelligence (UAI)},
  year = {2009}
}"""
NDCG = """@article{jarvelin2002cumulated,
  author = {Kalervo J{\\"a}rvelin and Jaana Kek{\\"a}l{\\"a}inen},
  title = {Cumulated Gain-based Evaluation of {IR} Techniques},
  journal = {ACM Transactions on Information Systems},
  volume = {20}, number = {4}, year = {2002}, doi = {10.1145/582415.582418}
}"""
RANDOMIZATION = """@inproceedings{smucker2007comparison,
  author = {Mark D. Smucker and James Allan and Ben Carterette},
  title = {A Comparison of Statistical Significance Tests for Information Retrieval Evaluation},
  booktitle = {Proc. 16th ACM Conf. on Information and Knowledge Management (CIKM)},
  year = {2007}, doi = {10.1145/1321440.1321528}
}"""
HOLM = """@article{holm1979simple,
  author = {Sture Holm},
  title = {A Simple Sequentially Rejective Multiple Test Procedure},
  journal = {Scandinavian Journal of Statistics}, volume = {6}, number = {2}, pages = {65--70},
  year = {1979}
}"""
NADEAU_BENGIO = """@article{nadeau2003inference,
  author = {Claude Nadeau and Yoshua Bengio},
  title = {Inference for the Generalization Error},
  journal = {Machine Learning}, volume = {52}, number = {3}, pages = {239--281}, year = {2003},
  doi = {10.1023/A:1024068626366}
}"""
MCNEMAR = """@article{mcnemar1947note,
  author = {Quinn McNemar},
  title = {Note on the Sampling Error of the Difference between Correlated Proportions or
           Percentages},
  journal = {Psychometrika}, volume = {12}, number = {2}, pages = {153--157}, year = {1947},
  doi = {10.1007/BF02295996}
}"""
SCHUIRMANN = """@article{schuirmann1987comparison,
  author = {Donald J. Schuirmann},
  title = {A Comparison of the Two One-Sided Tests Procedure and the Power Approach for Assessing
           the Equivalence of Average Bioavailability},
  journal = {Journal of Pharmacokinetics and Biopharmaceutics},
  volume = {15}, number = {6}, pages = {657--680}, year = {1987}, doi = {10.1007/BF01068419}
}"""
KENDALL = """@article{kendall1945treatment,
  author = {Maurice G. Kendall},
  title = {The Treatment of Ties in Ranking Problems},
  journal = {Biometrika}, volume = {33}, number = {3}, pages = {239--251}, year = {1945},
  doi = {10.1093/biomet/33.3.239}
}"""
BOOTSTRAP = """@article{efron1979bootstrap,
  author = {Bradley Efron},
  title = {Bootstrap Methods: Another Look at the Jackknife},
  journal = {The Annals of Statistics}, volume = {7}, number = {1}, pages = {1--26}, year = {1979},
  doi = {10.1214/aos/1176344552}
}"""
BCA = """@article{efron1987better,
  author = {Bradley Efron},
  title = {Better Bootstrap Confidence Intervals},
  journal = {Journal of the American Statistical Association},
  volume = {82}, number = {397}, pages = {171--185}, year = {1987},
  doi = {10.1080/01621459.1987.10478410}
}"""
BY_KIND = {
    "ImplicitMFScorer": IMPLICIT_MF,
    "BiasedMFScorer": MATRIX_FACTORIZATION,
    "FunkSVDScorer": MATRIX_FACTORIZATION,
    "FlexMFImplicitScorer": BPR,
    "ItemKNNScorer": ITEM_KNN,
    "UserKNNScorer": USER_KNN,
    "EASEScorer": EASE,
    "SLIMScorer": SLIM,
}


def bibtex(inputs: ReportInputs) -> str:
    """Return the entries of what a run used, each once."""
    return "\n\n".join(dict.fromkeys(entries(inputs)))


def entries(inputs: ReportInputs) -> Iterable[str]:
    """Yield the entries, in the order of a methods section."""
    plan = inputs.plan
    if any("movielens" in (d.known_as or "").lower() for d in inputs.datasets):
        yield MOVIELENS
    if "lenskit" in {name.lower() for name in inputs.installed.versions}:
        yield LENSKIT
    for algorithm in plan.algorithms:
        if algorithm.kind in BY_KIND:
            yield BY_KIND[algorithm.kind]
    if any(m.name == "ndcg" for m in plan.metrics):
        yield NDCG
    if inputs.facts is not None:
        yield from _statistics_used(inputs.facts)


def _statistics_used(facts: Facts) -> Iterable[str]:
    """Yield the entries of the statistics that stand behind recorded facts."""
    intervals = [i for s in facts.summaries for i in (s.user_interval, s.run_interval)]
    methods = {i.method for i in [*intervals, *(c.interval for c in facts.comparisons)]}
    tests = {c.test for c in facts.comparisons}
    used = {
        BOOTSTRAP: any("bootstrap" in m for m in methods),
        BCA: any(s.boot_interval.is_known for s in facts.summaries),
        NADEAU_BENGIO: any("Nadeau" in m for m in methods),
        RANDOMIZATION: any("sign-flip" in t for t in tests),
        MCNEMAR: any("McNemar" in t for t in tests),
        HOLM: any(c.family > 1 for c in facts.comparisons),
        SCHUIRMANN: any(c.equivalence for c in facts.comparisons),
        KENDALL: bool(facts.orders),
    }
    yield from (entry for entry, is_used in used.items() if is_used)
