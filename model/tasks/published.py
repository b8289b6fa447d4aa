"""The scores that others published, to stand beside ours in every report.

Source: the KoBigBird release (github.com/monologg/KoBigBird, README, "Evaluation Result", 2021), which
scored the baselines itself; points of 100, on the development sets of the full tasks. A score on a sample
of a task, or of a small model, stands beside them only for orientation.
"""

PUBLISHED: dict[str, dict[str, dict[str, float]]] = {
    "nsmc": {
        "KoELECTRA-Base-v3": {"accuracy": 91.13},
        "KLUE-RoBERTa-Base": {"accuracy": 91.16},
        "KoBigBird-BERT-Base": {"accuracy": 91.18},
    },
    "klue_nli": {
        "KoELECTRA-Base-v3": {"accuracy": 86.87},
        "KLUE-RoBERTa-Base": {"accuracy": 86.30},
        "KoBigBird-BERT-Base": {"accuracy": 87.17},
    },
    "klue_sts": {
        "KoELECTRA-Base-v3": {"pearson": 93.14},
        "KLUE-RoBERTa-Base": {"pearson": 92.91},
        "KoBigBird-BERT-Base": {"pearson": 92.61},
    },
    "korquad_1": {
        "KoELECTRA-Base-v3": {"exact_match": 85.66, "f1": 93.94},
        "KLUE-RoBERTa-Base": {"exact_match": 85.35, "f1": 94.53},
        "KoBigBird-BERT-Base": {"exact_match": 87.08, "f1": 94.71},
    },
    "klue_mrc": {
        "KoELECTRA-Base-v3": {"exact_match": 59.54, "rouge_w": 65.64},
        "KLUE-RoBERTa-Base": {"exact_match": 69.56, "rouge_w": 74.64},
        "KoBigBird-BERT-Base": {"exact_match": 70.33, "rouge_w": 75.34},
    },
    "tydi_qa": {
        "KLUE-RoBERTa-Base": {"exact_match": 76.80, "f1": 78.58},
        "KoBigBird-BERT-Base": {"exact_match": 79.13, "f1": 81.30},
    },
    "korquad_2": {
        "KLUE-RoBERTa-Base": {"exact_match": 55.44, "f1": 73.02},
        "KoBigBird-BERT-Base": {"exact_match": 67.77, "f1": 82.03},
    },
    "fake_news": {
        "KLUE-RoBERTa-Base": {"f1": 95.20},
        "KoBigBird-BERT-Base": {"f1": 98.85},
    },
    "modu_sentiment": {
        "KLUE-RoBERTa-Base": {"macro_f1": 42.61},
        "KoBigBird-BERT-Base": {"macro_f1": 45.42},
    },
}
"""Task, model, metric: points. A model without an entry was not scored on that task."""
