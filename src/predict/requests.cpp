#include "lazynet/predict/requests.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "lazynet/core/error.hpp"
#include "lazynet/data/labels.hpp"
#include "lazynet/io/text_file.hpp"

namespace lazynet::predict {
namespace {

constexpr std::size_t kShown = 3;

/// Edit distance, given up above `most`.
std::size_t distance(const std::string& a, const std::string& b, std::size_t most) {
    if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > most) {
        return most + 1;
    }
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({change, row[j] + 1, row[j - 1] + 1}));
        }
    }
    return row[b.size()];
}

Request spelled(const RunModels& models, const Label& label, std::set<std::string>& strange) {
    Request request;
    for (const std::string& gene : label.genes) {
        const auto known = models.spelling(gene);
        request.genes.push_back(known.value_or(gene));
        if (!known) {
            strange.insert(gene);
        }
    }
    std::sort(request.genes.begin(), request.genes.end());
    request.genes.erase(std::unique(request.genes.begin(), request.genes.end()), request.genes.end());
    return request;
}

/// Of a canonical label.
Request request_for(const std::string& label, const RunModels& models) {
    Request request;
    if (models.spelling(label)) {  // a gene may have a '+' in its name
        request.genes = {label};
    } else {
        io::split_fields(label, '+', request.genes);
        std::sort(request.genes.begin(), request.genes.end());
    }
    return request;
}

}  // namespace

std::vector<std::string> closest_names(const std::string& name, const std::vector<std::string>& names,
                                       std::size_t most) {
    const std::string wanted = lower_case(name);
    const std::size_t limit = std::max<std::size_t>(1, name.size() / 3);
    std::vector<std::pair<std::size_t, std::string>> found;
    for (const std::string& other : names) {
        if (const std::size_t d = distance(wanted, lower_case(other), limit); d <= limit) {
            found.emplace_back(d, other);
        }
    }
    std::sort(found.begin(), found.end());
    std::vector<std::string> closest;
    for (std::size_t k = 0; k < std::min(most, found.size()); ++k) {
        closest.push_back(found[k].second);
    }
    return closest;
}

std::string hint_about(const RunModels& models, const std::string& name) {
    for (const char mark : {'|', '/', '&', ':', ' '}) {
        const auto at = name.find(mark);
        if (at != std::string::npos && models.spelling(name.substr(0, at))) {
            return fmt::format("genes that are perturbed together are joined by '+', not '{}'", mark);
        }
    }
    const auto closest = closest_names(name, models.names(), kShown);
    return closest.empty() ? "" : fmt::format("did you mean {}?", fmt::join(closest, ", "));
}

RequestList read_requests(const RunModels& models, const std::vector<std::string>& labels) {
    const LabelReader reader(labels, models.names(), ScreenOptions{});
    RequestList list;
    std::set<std::string> seen;
    std::set<std::string> strange;
    std::set<std::string> all;
    for (const std::string& text : labels) {
        const Label label = reader.read(text);
        if (label.kind == Label::Kind::control) {
            ++list.controls;
        } else if (label.kind == Label::Kind::missing) {
            list.missing.push_back(text);
        } else {
            Request request = spelled(models, label, strange);
            all.insert(request.genes.begin(), request.genes.end());
            if (seen.insert(request.label()).second) {
                list.requests.push_back(std::move(request));
            } else {
                ++list.repeated;
            }
        }
    }
    list.strange.assign(strange.begin(), strange.end());
    if (!all.empty() && strange.size() == all.size()) {
        const std::string hint = hint_about(models, list.strange.front());
        throw UserError(fmt::format("{} knows none of the {} genes asked for, like '{}'{}{}", models.facts().path,
                                    all.size(), list.strange.front(), hint.empty() ? "" : "; ", hint));
    }
    return list;
}

FoldRequests requests_of(const Fold& fold, const RunModels& models, std::span<const Index> contexts,
                         std::optional<double> shift) {
    const auto& known = models.facts().contexts;
    FoldRequests requests;
    std::map<std::string, std::size_t> place;
    for (const HeldOut& test : fold.test) {
        const Request request = request_for(test.perturbation, models);
        const auto [at, is_new] = place.emplace(request.label(), requests.asked.size());
        if (is_new) {
            requests.asked.push_back({models.resolve(request, shift), {}});
        }
        const auto is_meant = [&](Index c) {  // a split of other tools may name no context: all are meant
            return test.context.empty() || known[static_cast<std::size_t>(c)] == test.context;
        };
        std::copy_if(contexts.begin(), contexts.end(), std::back_inserter(requests.asked[at->second].contexts),
                     is_meant);
        const bool is_known =
            test.context.empty() || std::find(known.begin(), known.end(), test.context) != known.end();
        requests.left_out += is_known ? 0 : 1;
    }
    for (Asked& asked : requests.asked) {
        std::sort(asked.contexts.begin(), asked.contexts.end());
        asked.contexts.erase(std::unique(asked.contexts.begin(), asked.contexts.end()), asked.contexts.end());
    }
    std::erase_if(requests.asked, [](const Asked& asked) { return asked.contexts.empty(); });
    return requests;
}

}  // namespace lazynet::predict
