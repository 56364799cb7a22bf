using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using ProtoBridgeMQ.Broker.Config;

namespace ProtoBridgeMQ.Broker.Filters;

/// <summary>
/// <c>config/consumerFilter.json</c> as RocketMQ writes it: <c>filterDataByTopic</c>, by topic, <c>groupFilterData</c>, by
/// group, the expression. What it says of bits is computed (see <see cref="FilterBits"/>).
/// </summary>
public static class GroupFilterFile
{
    /// <summary>Reads a file, without making filters; null when it is not one.</summary>
    public static IReadOnlyList<GroupFilter>? Parse(ReadOnlySpan<byte> text)
    {
        using JsonDocument? document = TableJson.Parse(text);
        if (document?.RootElement.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        List<GroupFilter> filters = [];
        foreach (JsonProperty topic in document.RootElement.Fields("filterDataByTopic"))
        {
            foreach (JsonProperty group in topic.Value.Fields("groupFilterData"))
            {
                JsonElement data = group.Value;
                if (data.Text("expression") is { Length: > 0 } expression && data.Text("expressionType") is { Length: > 0 } type)
                {
                    filters.Add(new GroupFilter
                    {
                        Topic = topic.Name,
                        Group = group.Name,
                        ExpressionType = type,
                        Expression = expression,
                        ClientVersion = data.Long("clientVersion", 0),
                        BornTime = data.Long("bornTime", 0),
                        DeadTime = data.Long("deadTime", 0),
                    });
                }
            }
        }

        return filters;
    }

    /// <summary>Writes the whole file.</summary>
    public static void Write(IBufferWriter<byte> output, IEnumerable<GroupFilter> filters)
    {
        var text = new StringBuilder("{\n\t\"filterDataByTopic\":{");
        string betweenTopics = string.Empty;
        foreach (IGrouping<string, GroupFilter> topic in filters.GroupBy(static filter => filter.Topic).OrderBy(static topic => topic.Key, StringComparer.Ordinal))
        {
            text.Append(betweenTopics).Append("\n\t\t").Append(Quoted(topic.Key)).Append(":{\n\t\t\t\"groupFilterData\":{");
            string betweenGroups = string.Empty;
            foreach (GroupFilter filter in topic.OrderBy(static filter => filter.Group, StringComparer.Ordinal))
            {
                text.Append(betweenGroups);
                Write(text, filter);
                betweenGroups = ",";
            }

            text.Append("\n\t\t\t},\n\t\t\t\"topic\":").Append(Quoted(topic.Key)).Append("\n\t\t}");
            betweenTopics = ",";
        }

        text.Append("\n\t}\n}");
        Encoding.UTF8.GetBytes(text.ToString(), output);
    }

    private static void Write(StringBuilder text, GroupFilter filter)
    {
        FilterBits bits = FilterBits.Of($"{filter.Group}#{filter.Topic}");
        text.Append("\n\t\t\t\t").Append(Quoted(filter.Group)).Append(
            CultureInfo.InvariantCulture,
            $$"""
            :{
            					"bloomFilterData":{
            						"bitNum":{{FilterBits.Count}},
            						"bitPos":[{{string.Join(',', bits.Positions)}}]
            					},
            					"bornTime":{{filter.BornTime}},
            					"clientVersion":{{filter.ClientVersion}},
            					"consumerGroup":{{Quoted(filter.Group)}},
            					"dead":{{(filter.IsDead ? "true" : "false")}},
            					"deadTime":{{filter.DeadTime}},
            					"expression":{{Quoted(filter.Expression)}},
            					"expressionType":{{Quoted(filter.ExpressionType)}},
            					"topic":{{Quoted(filter.Topic)}}
            				}
            """);
    }

    private static string Quoted(string text) => $"\"{JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(text)}\"";
}
