"""The systems that IRLLRec is compared with: backbones, other text alignments and classics."""
