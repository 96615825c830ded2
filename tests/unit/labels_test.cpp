#include "lazynet/data/labels.hpp"

#include <gtest/gtest.h>

namespace lazynet {
namespace {

using Genes = std::vector<std::string>;

Label read(const std::vector<std::string>& labels, const std::string& label, const Genes& measured = {},
           const ScreenOptions& options = {}) {
    return LabelReader(labels, measured, options).read(label);
}

TEST(ControlLabels, AreRecognisedInEverySpelling) {
    for (const char* label :
         {"ctrl", "control", "Control", "non-targeting", "Non-Targeting", "non_targeting", "nontargeting", "NT",
          "DMSO_TF", "safe-targeting", "unperturbed", "NegCtrl0", "NegCtrl10_NegCtrl0", "non-targeting_00123", "NTg1",
          "NT_3", "62(mod)_pBA581", "[('DMSO_TF', 0.0, 'uM')]", "scramble 2"}) {
        EXPECT_TRUE(is_control_label(label)) << label;
    }
    for (const char* label :
         {"STAT1", "NT5E", "CTRB1", "NTRK1", "MOCS1", "", "nan", "control_gene_A", "[('Aspirin', 0.5, 'uM')]"}) {
        EXPECT_FALSE(is_control_label(label)) << label;
    }
}

TEST(MissingLabels, AreRecognisedAndAreNeverControls) {
    for (const char* label : {"", " ", "nan", "NaN", "None", "excluded", "unassigned", "Multiplet", "doublet", "*"}) {
        EXPECT_TRUE(is_missing_label(label)) << label;
        EXPECT_EQ(read({label, "control"}, label).kind, Label::Kind::missing) << label;
    }
    EXPECT_FALSE(is_missing_label("NANOG"));
    EXPECT_FALSE(is_missing_label("NANS"));
}

TEST(LabelReader, DropsControlPartsAndSortsMembers) {
    EXPECT_EQ(read({}, "STAT1+ctrl").genes, Genes({"STAT1"}));
    EXPECT_EQ(read({}, "ctrl+STAT1").genes, Genes({"STAT1"}));
    EXPECT_EQ(read({}, "KLF1+CEBPA").genes, Genes({"CEBPA", "KLF1"}));
    EXPECT_EQ(read({}, "B;A;B").genes, Genes({"A", "B"}));
    EXPECT_EQ(read({}, "C, A ,B").genes, Genes({"A", "B", "C"}));
    EXPECT_EQ(read({}, "ctrl+ctrl").kind, Label::Kind::control);
    EXPECT_EQ(read({}, "A+nan").kind, Label::Kind::missing);
}

TEST(LabelReader, SplitsAtAnUnderscoreOnlyBetweenKnownGenes) {
    EXPECT_EQ(read({"A1", "A1_B2"}, "A1_B2", {"B2"}).genes, Genes({"A1", "B2"}));
    EXPECT_EQ(read({"A1_ctrl", "B2_NegCtrl0", "A1_B2"}, "A1_B2").genes, Genes({"A1", "B2"})) << "known as singles";
    EXPECT_EQ(read({"A1_NegCtrl0"}, "A1_NegCtrl0").genes, Genes({"A1"}));
    EXPECT_EQ(read({"A1_B2"}, "A1_B2", {"A1"}).genes, Genes({"A1_B2"})) << "B2 may be a gene that is never seen alone";
    EXPECT_EQ(read({"Y_RNA"}, "Y_RNA", {"Y_RNA", "Y", "RNA"}).genes, Genes({"Y_RNA"})) << "a measured name is a name";
    EXPECT_EQ(read({"A1_B2_C3"}, "A1_B2_C3", {"A1", "B2", "C3"}).genes, Genes({"A1", "B2", "C3"}));
}

TEST(LabelReader, StripsGuideSuffixes) {
    EXPECT_EQ(read({}, "SPI1_pDS255").genes, Genes({"SPI1"})) << "a plasmid name, measured or not";
    EXPECT_EQ(read({}, "STAT1g1", {"STAT1"}).genes, Genes({"STAT1"}));
    EXPECT_EQ(read({}, "STAT1-sg2", {"STAT1"}).genes, Genes({"STAT1"}));
    EXPECT_EQ(read({}, "STAT1_2", {"STAT1"}).genes, Genes({"STAT1"}));
    EXPECT_EQ(read({}, "HLA-G2", {"HLA-G2", "HLA-"}).genes, Genes({"HLA-G2"}));
    EXPECT_EQ(read({}, "IL2", {"IL"}).genes, Genes({"IL2"})) << "a bare number is part of a name";
}

TEST(LabelReader, ObeysOptions) {
    ScreenOptions options;
    options.separator = "|";
    EXPECT_EQ(read({}, "A|B+C", {}, options).genes, Genes({"A", "B+C"}));
    options.separator = "none";
    EXPECT_EQ(read({}, "A+B", {}, options).genes, Genes({"A+B"}));
    options = {};
    options.control = {"AAVS1,LacZ"};
    EXPECT_EQ(read({"AAVS1"}, "LacZ", {}, options).kind, Label::Kind::control);
    EXPECT_EQ(read({"AAVS1"}, "A+AAVS1", {}, options).genes, Genes({"A"}));
    EXPECT_EQ(read({"AAVS1"}, "ctrl", {}, options).kind, Label::Kind::perturbation)
        << "--control overrides the usual names";
    options.control = {"[('DMSO', 0.0, 'uM')]"};
    EXPECT_EQ(read(options.control, options.control[0], {}, options).kind, Label::Kind::control)
        << "a label with commas";
}

TEST(LabelReader, LeavesTupleLabelsWhole) {
    EXPECT_EQ(read({}, "[('Aspirin', 0.5, 'uM')]").genes, Genes({"[('Aspirin', 0.5, 'uM')]"}));
}

}  // namespace
}  // namespace lazynet
