using System.Text;
using ProtoBridgeMQ.Remoting.Headers;

namespace ProtoBridgeMQ.Broker.Handlers.Admin;

/// <summary>The fields of a request, to be sent on as they came; and more.</summary>
internal readonly struct CopiedFields(List<(string Name, string Value)> fields) : IHeaderWriter
{
    /// <summary>Copies the fields of a request but for those that are set anew.</summary>
    public static CopiedFields Of(HeaderFields fields, params (string Name, string Value)[] more)
    {
        var copies = new List<(string, string)>(fields.Count + more.Length);
        for (int i = 0; i < fields.Count; i++)
        {
            string name = Encoding.UTF8.GetString(fields.NameAt(i));
            if (!more.Any(field => field.Name == name))
            {
                copies.Add((name, fields.ValueAt(i).ToString()));
            }
        }

        copies.AddRange(more);
        return new CopiedFields(copies);
    }

    public void Write(HeaderFieldsWriter writer)
    {
        foreach ((string name, string value) in fields)
        {
            writer.Add(Encoding.UTF8.GetBytes(name), value);
        }
    }
}
