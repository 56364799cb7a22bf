using System.Text.Json;
using Microsoft.Extensions.Options;
using ProtoBridgeMQ.Bridge.Mapping.Rules;
using ProtoBridgeMQ.Gateway.Http.Codec;

namespace ProtoBridgeMQ.Gateway.Http.Handlers;

/// <summary><c>POST /v1/mapping/try</c>: where a message would go; nothing is published.</summary>
internal sealed class MappingHandler(NameMapping mapping, IOptions<HttpOptions> options, HttpAccess access)
{
    private readonly HttpOptions _options = options.Value;

    public async Task TryAsync(HttpContext context)
    {
        RequestRules.Check(context.Request);
        RequestRules.CheckQuery(context.Request);
        JsonRequests.RequireJson(context.Request);
        await access.CheckManageAsync(context, null);
        MappingRequest request;
        using (RequestBody body = await RequestBody.ReadAsync(context.Request, _options.MaxJsonSize))
            request = MappingRequest.Parse(body.Bytes.Span);

        MappingAnswer answer = request.MqttTopic is { } name
            ? MappingTrial.OfName(mapping, name)
            : MappingTrial.OfTopic(mapping, request.Topic!, request.Tag, request.Key);
        await JsonAnswer.WriteAsync(context.Response, answer, Write);
    }

    private static void Write(Utf8JsonWriter writer, MappingAnswer answer)
    {
        writer.WriteStartObject();
        writer.WriteString("mqttTopic"u8, answer.MqttTopic);
        writer.WriteString("topic"u8, answer.Topic);
        if (answer.Tag is not null)
            writer.WriteString("tag"u8, answer.Tag);
        if (answer.Key is not null)
            writer.WriteString("key"u8, answer.Key);
        if (answer.Rule is not null)
            writer.WriteString("rule"u8, answer.Rule);
        writer.WriteString("why"u8, answer.Why);
        writer.WriteEndObject();
    }
}
