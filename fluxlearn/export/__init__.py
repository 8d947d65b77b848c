"""The model in other tools' words: counts, tables, graphs, diagrams, ONNX files, Netron pages."""
