using System.Text;

namespace ProtoBridgeMQ.Tests.Interop.Telemetry;

/// <summary>A span as a collector gets it.</summary>
internal sealed record ExportedSpan(string TraceId, string SpanId, string ParentId, string Name, IReadOnlyDictionary<string, string> Attributes)
{
    /// <summary>
    /// Spans of an ExportTraceServiceRequest: 1 resource_spans, of which 2 scope_spans, of which 2 spans: 1 trace_id, 2 span_id,
    /// 4 parent_span_id, 5 name, 9 attributes (1 key, 2 value: 1 string, 3 int).
    /// </summary>
    public static IReadOnlyList<ExportedSpan> ReadAll(ReadOnlySpan<byte> request)
    {
        var spans = new List<ExportedSpan>();
        var resources = new ProtoReader(request);
        while (resources.MoveNext())
        {
            var scopes = new ProtoReader(resources.Bytes);
            while (scopes.MoveNext())
            {
                if (scopes.Field != 2)
                {
                    continue;
                }

                var fields = new ProtoReader(scopes.Bytes);
                while (fields.MoveNext())
                {
                    if (fields.Field == 2)
                    {
                        spans.Add(Read(fields.Bytes));
                    }
                }
            }
        }

        return spans;
    }

    private static ExportedSpan Read(ReadOnlySpan<byte> span)
    {
        (string trace, string id, string parent, string name) = (string.Empty, string.Empty, string.Empty, string.Empty);
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        var fields = new ProtoReader(span);
        while (fields.MoveNext())
        {
            switch (fields.Field)
            {
                case 1:
                    trace = Convert.ToHexStringLower(fields.Bytes);
                    break;
                case 2:
                    id = Convert.ToHexStringLower(fields.Bytes);
                    break;
                case 4:
                    parent = Convert.ToHexStringLower(fields.Bytes);
                    break;
                case 5:
                    name = Encoding.UTF8.GetString(fields.Bytes);
                    break;
                case 9:
                    (string key, string value) = ReadAttribute(fields.Bytes);
                    attributes[key] = value;
                    break;
            }
        }

        return new ExportedSpan(trace, id, parent, name, attributes);
    }

    private static (string Key, string Value) ReadAttribute(ReadOnlySpan<byte> attribute)
    {
        (string key, string text) = (string.Empty, string.Empty);
        var fields = new ProtoReader(attribute);
        while (fields.MoveNext())
        {
            if (fields.Field == 1)
            {
                key = Encoding.UTF8.GetString(fields.Bytes);
                continue;
            }

            var value = new ProtoReader(fields.Bytes);
            while (value.MoveNext())
            {
                text = value.Field == 1 ? Encoding.UTF8.GetString(value.Bytes) : value.Number.ToString(System.Globalization.CultureInfo.InvariantCulture);
            }
        }

        return (key, text);
    }
}
