using System.Text.Json.Nodes;
using ProtoBridgeMQ.Tests.Support.Processes;

namespace ProtoBridgeMQ.Tests.Interop.Telemetry;

/// <summary>The importable dashboard by the rules of Grafana's JSON model, as far as a reader of the file can tell.</summary>
public sealed class GrafanaFile
{
    private static readonly string[] Types = ["row", "stat", "timeseries", "gauge", "table", "bargauge"];

    private readonly JsonNode _dashboard = JsonNode.Parse(File.ReadAllText(Path.Combine(BuiltProgram.Root, "eng", "grafana", "protobridge.json")))!;

    [Fact]
    public void Its_panels_are_known_named_once_and_do_not_lie_on_each_other()
    {
        JsonNode[] panels = [.. _dashboard["panels"]!.AsArray().Select(static panel => panel!)];
        Assert.Equal(panels.Length, panels.Select(static panel => (int)panel["id"]!).Distinct().Count());
        Assert.All(panels, static panel => Assert.Contains((string)panel["type"]!, Types));
        Assert.All(panels, static panel => Assert.False(string.IsNullOrWhiteSpace((string?)panel["title"])));
        var taken = new Dictionary<(int X, int Y), string>();
        foreach (JsonNode panel in panels)
        {
            JsonNode place = panel["gridPos"]!;
            (int x, int y, int width, int height) = ((int)place["x"]!, (int)place["y"]!, (int)place["w"]!, (int)place["h"]!);
            Assert.True(x >= 0 && width > 0 && height > 0 && x + width <= 24, $"{panel["title"]} lies outside of the 24 columns");
            foreach ((int X, int Y) cell in Enumerable.Range(0, width * height).Select(i => (x + (i % width), y + (i / width))))
            {
                Assert.True(taken.TryAdd(cell, (string)panel["title"]!), $"{panel["title"]} lies on {taken[cell]}");
            }
        }
    }

    [Fact]
    public void Every_target_asks_a_source_that_the_importer_chooses()
    {
        HashSet<string> variables = [.. _dashboard["templating"]!["list"]!.AsArray().Select(static variable => (string)variable!["name"]!)];
        Assert.Contains("instance", variables);
        foreach (JsonNode? panel in _dashboard["panels"]!.AsArray().Where(static panel => (string?)panel!["type"] != "row"))
        {
            JsonArray targets = panel!["targets"]!.AsArray();
            Assert.NotEmpty(targets);
            Assert.Equal(targets.Count, targets.Select(static target => (string)target!["refId"]!).Distinct().Count());
            foreach (JsonNode? target in targets)
            {
                string source = (string)(target!["datasource"] ?? panel["datasource"])!["uid"]!;
                Assert.True(source.StartsWith("${", StringComparison.Ordinal) && variables.Contains(source[2..^1]), $"{panel["title"]} asks {source}");
                string expression = (string)target["expr"]!;
                Assert.Equal(expression.Count(static letter => letter == '('), expression.Count(static letter => letter == ')'));
                Assert.Equal(expression.Count(static letter => letter == '{'), expression.Count(static letter => letter == '}'));
            }
        }
    }
}
