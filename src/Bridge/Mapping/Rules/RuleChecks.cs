namespace ProtoBridgeMQ.Bridge.Mapping.Rules;

/// <summary>What is wrong with rules that are right one by one.</summary>
internal static class RuleChecks
{
    public static IEnumerable<string> Find(IReadOnlyList<CompiledRule> rules)
    {
        foreach (IGrouping<string, CompiledRule> same in rules.GroupBy(rule => rule.Name, StringComparer.Ordinal).Where(group => group.Count() > 1))
            yield return $"rule {same.Key}: the name is there {same.Count()} times";

        for (int i = 0; i < rules.Count; i++)
        {
            CompiledRule? before = rules.Take(i).FirstOrDefault(rule => rule.Pattern.Shape.Covers(rules[i].Pattern.Shape));
            if (before is not null)
                yield return $"rule {rules[i].Name}: no name ever reaches it, because rule {before.Name} before it takes all of them; put it first, or remove it";
        }

        if (FindCycle(rules) is { } cycle)
        {
            string last = cycle[^1].Name;
            yield return $"rules {string.Join(", ", cycle.Select(rule => rule.Name))}: a cycle: what one writes looks, by topic and tag, like what the next one takes, and rule {last} leads back to the first";
        }
    }

    /// <summary>
    /// Rules that carry each other's names in a circle over several topics. A rule that takes names of the topic that it
    /// writes to is none: the message stays where it would be.
    /// </summary>
    private static List<CompiledRule>? FindCycle(IReadOnlyList<CompiledRule> rules)
    {
        foreach (CompiledRule start in rules)
        {
            List<CompiledRule> path = [start];
            if (Leads(rules, start, path, [start]))
                return path;
        }

        return null;
    }

    private static bool Leads(IReadOnlyList<CompiledRule> rules, CompiledRule start, List<CompiledRule> path, HashSet<CompiledRule> seen)
    {
        if (path[^1].FixedTopic is null || path[^1].ShapeOfDefaultNames() is not { } written)
            return false;
        foreach (CompiledRule next in rules)
        {
            // One that begins with a variable takes anything: it does not name the topic.
            bool isNamed = next.Pattern.Shape.Levels is [not null, ..];
            bool isHop = isNamed && next.FixedTopic is not null && next.FixedTopic != path[^1].FixedTopic && next.Pattern.Shape.Meets(written);
            if (!isHop)
                continue;
            if (next == start)
                return true;
            if (!seen.Add(next))
                continue;
            path.Add(next);
            if (Leads(rules, start, path, seen))
                return true;
            path.RemoveAt(path.Count - 1);
        }

        return false;
    }
}
